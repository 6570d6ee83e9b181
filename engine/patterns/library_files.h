/* Shared by the files that write a library's files. */
#ifndef GATEWALK_PATTERNS_LIBRARY_FILES_H
#define GATEWALK_PATTERNS_LIBRARY_FILES_H

#include "engine/base/json.h"
#include "library.h"

/* A table in `dir` behind its header. */
int library_csv(struct out_file *file, const char *dir, const char *name, const char *header) GW_MUST_USE;
void library_put(struct out_file *file, double value);    /* ",value"; empty when it is not finite */
void library_put_label(struct out_file *file, int label); /* ",1"; empty when it is missing */
/* What every patterns.json begins with. */
void library_heading(const struct library *library, struct json_writer *w);
/* patterns_members.csv and patterns_next.csv of the best and the worst categories. rate: of the learned slice. */
int library_gallery(const struct library *library, const struct library_rate *rate, const char *dir) GW_MUST_USE;

#endif

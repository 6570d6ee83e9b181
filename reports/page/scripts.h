/* The gnuplot scripts that the program carries in itself, and the numbers that the first of them reads. */
#ifndef GATEWALK_SCRIPTS_H
#define GATEWALK_SCRIPTS_H

#include "reports/plots/plot.h"

/* Writes every script into the directory, under the name that it has among the sources: what gnuplot says of a line is said
 * of a line there. */
int scripts_write(const char *dir) GW_MUST_USE;

/* The pages of a report in their order: report.set, which report_pdf.gp, report_png.gp and report_svg.gp walk through. */
struct page_list {
    FILE *stream;
    size_t n;
};
/* For n_pages pages. page_list_close() must follow, also after a failure. */
int page_list_open(struct page_list *list, const char *dir, size_t n_pages) GW_MUST_USE;
int page_list_add(struct page_list *list, const char *plot, size_t page) GW_MUST_USE; /* page: 1 … of this plot */
int page_list_close(struct page_list *list) GW_MUST_USE;

/* The picture of a plot's page (1 …): NAME.png, then NAME-2.png and so on. */
void picture_name(char name[100], const char *plot, size_t page);
/* What report_svg.gp calls it. */
void svg_name(char name[100], const char *plot, size_t page);

#endif

/* One plot alone, of data files that somebody has just written, into a file of the user's choice. */
#ifndef GATEWALK_REPORTS_PICTURE_H
#define GATEWALK_REPORTS_PICTURE_H

#include "engine/base/base.h"

struct picture_room {
    char dir[512]; /* for the plot's files: patterns.json and what it needs beside it */
    int lock;
};
/* A private directory. GW_ERR_USAGE unless the picture's name ends in .png or .pdf, GW_ERR_TOOL without gnuplot. */
int picture_open(const char *picture, struct picture_room *room) GW_MUST_USE;
/* Draws the plot of that name (plots.def) from the room; the heading tells what patterns.json says. */
int picture_draw(struct picture_room *room, const char *plot, const char *picture) GW_MUST_USE;
void picture_close(struct picture_room *room); /* removes the directory */

#endif

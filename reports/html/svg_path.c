#include "svg_path.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In tenths of a point, which is less than a pixel of any screen that the page is read on. */
struct pen {
    long x, y, begin_x, begin_y; /* where it is, and where its path began */
    bool in_line;                /* what follows continues an "l" */
};

/* 12 as "1.2", -5 as "-.5"; a comma before it where its sign does not part it from the number before. */
static char *put_tenths(char *to, long tenths, bool apart) {
    if (tenths < 0)
        *to++ = '-';
    else if (apart)
        *to++ = ',';
    const long size = labs(tenths);
    if (size >= 10 || size % 10 == 0) to += sprintf(to, "%ld", size / 10);
    if (size % 10) to += sprintf(to, ".%ld", size % 10);
    return to;
}

static bool is_plain(const char *path, size_t length) { return strspn(path, "MLz0123456789.,- \n\t") >= length; }

static bool read_pair(const char **at, long *x, long *y) {
    char *end;
    const double a = strtod(*at, &end);
    if (end == *at || *end != ',') return false;
    const char *second = end + 1;
    const double b = strtod(second, &end);
    if (end == second || !(fabs(a) < 1e6 && fabs(b) < 1e6)) return false;
    *x = lrint(10 * a);
    *y = lrint(10 * b);
    *at = end;
    return true;
}

static char *put_point(char *to, struct pen *pen, char command, long x, long y) {
    if (command == 'M') {
        *to++ = 'M';
        to = put_tenths(to, x, false);
        to = put_tenths(to, y, true);
    } else if (x != pen->x || y != pen->y) {
        if (!pen->in_line) *to++ = 'l';
        to = put_tenths(to, x - pen->x, pen->in_line);
        to = put_tenths(to, y - pen->y, true);
        pen->in_line = true;
    }
    if (command == 'M') *pen = (struct pen){.begin_x = x, .begin_y = y};
    pen->x = x;
    pen->y = y;
    return to;
}

char *path_shrink(char *to, const char **path) {
    const char *at = *path;
    const size_t length = strcspn(at, "'");
    char *const begin = to;
    struct pen pen = {0};
    *path = at + length;
    for (const char *end = at + length; is_plain(*path - length, length) && at < end;) {
        const char command = *at++;
        long x, y;
        if (strchr(" \n\t", command)) continue;
        if (command == 'z') {
            *to++ = 'z';
            pen = (struct pen){pen.begin_x, pen.begin_y, pen.begin_x, pen.begin_y, false};
        } else if (strchr("ML", command) && read_pair(&at, &x, &y)) {
            to = put_point(to, &pen, command, x, y);
        } else {
            to = begin; /* not what gnuplot writes */
            break;
        }
    }
    if (to > begin) return to;
    memcpy(begin, *path - length, length);
    return begin + length;
}

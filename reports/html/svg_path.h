/* Paths of an SVG in fewer characters. */
#ifndef GATEWALK_SVG_PATH_H
#define GATEWALK_SVG_PATH_H

/* Copies path data from *path (behind the opening quote) to `to`, which has room for as much, and moves *path to the closing
 * quote (or the text's end). Absolute lines become relative ones, rounded to a tenth of a point without adding up; a path with
 * other commands than M, L and z stays as it is. Returns where the copy ends. */
char *path_shrink(char *to, const char **path);

#endif

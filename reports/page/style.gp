# The looks of every page: fonts, line types and the grid that panels stand in. Loaded once.

set encoding utf8
if (GPVAL_VERSION >= 5.4) { set minussign }
set datafile separator "\t"
set datafile commentschars ""
set datafile missing ""

# A missing Liberation Sans is replaced by fontconfig with its nearest relative.
FONT = 'Liberation Sans'
BOLD = 'Liberation Sans:Bold'
# body, bold, small, head, title: enum text_font; their sizes are font_size[1] … font_size[5]
array font_face[5] = [FONT, BOLD, FONT, BOLD, BOLD]
font_of(f) = sprintf('%s,%g', font_face[f], font_size[f])

# Line types 1-8 are models (1 the baseline), 9-10 strategies without a model, 11 a reference line, 12 a faint companion,
# 13 a comparison, 14 losses, 15 an area, 16 profits. Colours: Okabe & Ito (2008), distinguishable for all common colour
# visions; dashes and point shapes say the same in grey print.
array LINE_COLOR[16] = [ \
    0x1A1A1A, 0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xB87A00, 0x4AA3DF, 0x7A5195, \
    0x8C8C8C, 0xA8A8A8, \
    0x666666, 0x7FB2D9, 0x1A1A1A, 0xD55E00, 0xB9C6D0, 0x0072B2]
set linetype  1 lc rgb LINE_COLOR[1]  lw 1.6 dt solid             pt 7
set linetype  2 lc rgb LINE_COLOR[2]  lw 1.6 dt solid             pt 5
set linetype  3 lc rgb LINE_COLOR[3]  lw 1.6 dt (16,7)            pt 9
set linetype  4 lc rgb LINE_COLOR[4]  lw 1.6 dt (8,5)             pt 13
set linetype  5 lc rgb LINE_COLOR[5]  lw 1.6 dt (16,6,3,6)        pt 11
set linetype  6 lc rgb LINE_COLOR[6]  lw 1.6 dt (8,5,3,5)         pt 6
set linetype  7 lc rgb LINE_COLOR[7]  lw 1.6 dt (4,4)             pt 4
set linetype  8 lc rgb LINE_COLOR[8]  lw 1.6 dt (16,5,3,5,3,5)    pt 8
set linetype  9 lc rgb LINE_COLOR[9]  lw 1.6 dt solid             pt 2
set linetype 10 lc rgb LINE_COLOR[10] lw 1.6 dt (6,6)             pt 1
set linetype 11 lc rgb LINE_COLOR[11] lw 1.0 dt (2,3)             pt 3
set linetype 12 lc rgb LINE_COLOR[12] lw 0.8 dt solid             pt 0
set linetype 13 lc rgb LINE_COLOR[13] lw 1.4 dt (6,4)             pt 0
set linetype 14 lc rgb LINE_COLOR[14] lw 1.0 dt solid             pt 2
set linetype 15 lc rgb LINE_COLOR[15] lw 1.0 dt solid             pt 5
set linetype 16 lc rgb LINE_COLOR[16] lw 1.0 dt solid             pt 7
thin(style, alpha) = LINE_COLOR[style] + (alpha << 24)

INK      = 0x3A3A3A
INK_SOFT = 0x5F5F5F

# Edges, in fractions of the page, of the panel in column c (0 …) of n, and of row r counted from the top.
panel_width(n)  = (page_right - page_left - 0.042 - (n - 1) * gap_x) / n
panel_height(n) = (page_top - page_bottom - (n - 1) * gap_y) / n
panel_l(c, n) = page_left + 0.042 + c * (panel_width(n) + gap_x)
panel_r(c, n) = panel_l(c, n) + panel_width(n)
panel_t(r, n) = page_top - r * (panel_height(n) + gap_y)
panel_b(r, n) = panel_t(r, n) - panel_height(n)

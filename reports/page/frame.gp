# Begins a page: opens its multiplot and draws the furniture, everything that stands where the report put it.
# ARG1: prefix of the page's files. page_number, page_count and font_size are set by the report.

reset
set style fill solid 1.0 noborder
set style textbox noborder

# what the page's own numbers may change
gap_x = 0.085; gap_y = 0.13
has_boxes = 0; has_rules = 0; has_keys = 0
array has_text[15]
do for [i = 1:15] { has_text[i] = 0 }
load ARG1.'.set'

set multiplot
set lmargin at screen 0; set rmargin at screen 1; set bmargin at screen 0; set tmargin at screen 1
unset border; unset tics; unset key
set xrange [0:1]; set yrange [0:1]

if (has_boxes) { plot ARG1.'.boxes' using 1:2:1:3:2:4:5 with boxxyerror fc rgb variable }
if (has_rules) { plot ARG1.'.rules' using 1:2:3:4:5 with vectors nohead lw 0.7 lc rgb variable }

# Legend: a row "left, right, y, line type, mark" for each entry; marks: 0 line, 1 point, 2 box, 3 line with a point.
if (has_keys) {
    array key_style[n_keys]
    array key_mark[n_keys]
    stats ARG1.'.keys' using (key_style[int($0) + 1] = int($4), key_mark[int($0) + 1] = int($5), 0) nooutput
    plot for [i = 1:n_keys] ARG1.'.keys' every ::(i - 1)::(i - 1) \
             using 1:(key_mark[i] == 0 || key_mark[i] == 3 ? $3 : NaN):($2 - $1):(0) \
             with vectors nohead lt key_style[i] lw 1.8, \
         for [i = 1:n_keys] ARG1.'.keys' every ::(i - 1)::(i - 1) \
             using ($1 + 0.016):(key_mark[i] == 1 || key_mark[i] == 3 ? $3 : NaN) \
             with points lt key_style[i] ps 0.8, \
         for [i = 1:n_keys] ARG1.'.keys' every ::(i - 1)::(i - 1) \
             using ($1 + 0.012):(key_mark[i] == 2 ? $3 : NaN):($1 + 0.008):($2 - 0.006):($3 - 0.006):($3 + 0.006) \
             with boxxyerror fc rgb LINE_COLOR[key_style[i]]
}

# Texts: a file for each font and alignment, rows "x, y, colour, text".
do for [f = 1:5] {
    if (has_text[3 * f - 2]) {
        plot sprintf('%s.text%d', ARG1, 3 * f - 3) using 1:2:4:3 with labels left font font_of(f) tc rgb variable
    }
    if (has_text[3 * f - 1]) {
        plot sprintf('%s.text%d', ARG1, 3 * f - 2) using 1:2:4:3 with labels right font font_of(f) tc rgb variable
    }
    if (has_text[3 * f]) {
        plot sprintf('%s.text%d', ARG1, 3 * f - 1) using 1:2:4:3 with labels center font font_of(f) tc rgb variable
    }
}

set label 1 sprintf('%d / %d', page_number, page_count) \
    at screen page_right, 0.022 right font FONT.',8' tc rgb INK_SOFT
plot NaN
unset label 1

reset
set style fill solid 1.0 noborder
# like cividis: blue to yellow, rising in lightness all the way, so that grey print keeps the order
set palette defined (0 '#00204D', 0.25 '#31446B', 0.5 '#7C7B78', 0.75 '#BBAF71', 1 '#FFEA46')

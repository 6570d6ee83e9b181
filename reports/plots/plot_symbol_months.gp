# The blocks of cells of the page, each an image: "column, row, red, green, blue"; the figures in them, where they have some. The
# report has set where they stand, because the names stand beside their rows.

do for [i = 1:n_blocks] {
    call 'panel.gp' 0 0 1 1
    set tmargin at screen block_top[i]; set bmargin at screen block_bottom[i]
    set lmargin at screen block_left[i]; set rmargin at screen block_right[i]
    unset border; unset xtics; unset ytics; unset grid
    set xrange [-0.5:block_columns[i] - 0.5]
    set yrange [block_rows[i] - 0.5:-0.5]
    plot ARG1.'.cells' index i - 1 using 1:2:3:4:5 with rgbimage, \
         ARG1.'.digits' index i - 1 using 1:2:3 with labels center font FONT.',8' tc rgb 0x1A1A1A
}

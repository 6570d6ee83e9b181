# A panel for each gate (one above the other) and K (side by side), a row for each model, a dot for each fold.
# ARG1: prefix of the page's files. axis_name is set by the caller.

gap_x = 0.025
height = (page_top - page_bottom - gap_y) / 2
width = (page_right - names_right - 0.012 - (n_ks - 1) * gap_x) / n_ks

do for [gate = 0:1] {
    do for [k = 1:n_ks] {
        left = names_right + 0.012 + (k - 1) * (width + gap_x)
        top = page_top - gate * (height + gap_y)
        call 'panel.gp' 0 0 1 1
        set lmargin at screen left; set rmargin at screen left + width
        set tmargin at screen top;  set bmargin at screen top - height

        set xrange [value_lo:value_hi]
        set yrange [-n_rows + 0.4:0.6]
        unset ytics; set border 1; set grid xtics
        set label 1 sprintf('K = %g %%', k_of[k]) at graph 1, 1 right offset 0, 0.9 font FONT.',9.5' tc rgb INK
        if (gate == 1) { set xlabel axis_name }
        if (prevalence[gate + 1] == prevalence[gate + 1]) {
            set arrow 1 from prevalence[gate + 1], graph 0 to prevalence[gate + 1], graph 1 nohead lt 11 lw 1.6 front
        }
        if (value_lo < 0) { set arrow 2 from 0, graph 0 to 0, graph 1 nohead lw 0.8 lc rgb INK front }

        # bars: value, middle, half thickness, colour, panel; dots: value, row, panel; nulls: from, to, middle, half, panel
        panel = gate * n_ks + k - 1
        # gnuplot complains of a file of which nothing is shown, even in an empty loop
        nulls = has_null[panel + 1] ? "ARG1.'.nulls' using ($5 == panel ? $1 : NaN):3:1:2:($3 - $4):($3 + $4) \
            with boxxyerror fs transparent solid 0.35 border lc rgb INK lw 0.7 fc rgb 0x9A9A9A, " : ''
        eval "plot ARG1.'.bars' using ($5 == panel ? 0 : NaN):2:(0):1:($2 - $3):($2 + $3):4 with boxxyerror fc rgb variable, ".nulls.\
             "ARG1.'.dots' using ($3 == panel ? $1 : NaN):2 with points pt 7 ps 0.42 lc rgb 0xFFFFFF, \
              ARG1.'.dots' using ($3 == panel ? $1 : NaN):2 with points pt 6 ps 0.42 lw 0.8 lc rgb INK"
    }
}

# Maps of step by lag, two rows of four; all share one colour scale.
page_top = map_top
page_bottom = map_bottom
do for [i = 0:7] {
    if (drawn[i + 1]) {
        call 'panel.gp' i/4 i%4 2 4
        set xrange [n_lags - 0.5:-0.5]
        set yrange [-n_steps + 0.5:0.5]
        set cbrange [weight_lo:weight_hi]
        unset ytics; unset grid; set border 1
        if (i % 4 == 0) { set ylabel 'Steps, the first on top' offset -0.6, 0 }
        if (i >= 4) { set xlabel 'Lag (bars before the decision)' }
        if (i == 0) {
            set colorbox horizontal user origin screen panel_l(0, 1), 0.135 size screen 0.3, 0.012 noborder
            set cbtics font FONT.',8' scale 0.3 offset 0, 0.4
            set format cb '%g %%'
            uniform = panel_l(0, 1) + 0.3 * (100.0 / n_lags - weight_lo) / (weight_hi - weight_lo)
            set arrow 1 from screen uniform, 0.1475 to screen uniform, 0.1535 nohead lw 1.4 lc rgb INK front
            set label 2 '1/T' at screen uniform, 0.162 center font FONT.',8' tc rgb INK_SOFT
        }
        # map0 … map7: lag, row, weight
        plot sprintf('%s.map%d', ARG1, i) using 1:2:3 with image
    }
}

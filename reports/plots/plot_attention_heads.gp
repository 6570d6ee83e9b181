# One heat map for each head, n_columns side by side; all share one colour scale.

gap_x = 0.045; gap_y = 0.08
page_top = page_top - 0.01
page_bottom = 0.225
n_rows = (n_maps + n_columns - 1) / n_columns

do for [h = 0:n_maps - 1] {
    call 'panel.gp' h/n_columns h%n_columns n_rows n_columns
    set xrange [n_lags - 0.5:-0.5]
    set yrange [-n_signals + 0.5:0.5]
    set cbrange [weight_lo:weight_hi]
    unset ytics; unset grid; set border 1
    if (h % n_columns == 0) { set ylabel 'Signals, surest on top' offset -0.6, 0 }
    if (h + n_columns >= n_maps) { set xlabel 'Lag (bars before the decision)' }
    set label 1 sprintf('head %d', h + 1) at graph 0, 1 left offset 0, 0.7 font BOLD.',9.5'
    if (h == 0) {
        set colorbox horizontal user origin screen panel_l(0, 1), 0.135 size screen 0.3, 0.012 noborder
        set cbtics font FONT.',8' scale 0.3 offset 0, 0.4
        set format cb '%g %%'
        uniform = panel_l(0, 1) + 0.3 * (100.0 / n_lags - weight_lo) / (weight_hi - weight_lo)
        set arrow 1 from screen uniform, 0.1475 to screen uniform, 0.1535 nohead lw 1.4 lc rgb INK front
        set label 2 '1/T' at screen uniform, 0.162 center font FONT.',8' tc rgb INK_SOFT
    }
    # heat0, heat1 …: lag, row, weight
    plot sprintf('%s.heat%d', ARG1, h) using 1:2:3 with image
}

# A panel for each category: pattern_panel.gp.

do for [p = 0:n_panels - 1] {
    call 'panel.gp' p/n_columns p%n_columns n_rows n_columns
    set tics font FONT.',8'
    set xtics nomirror -window_bars + 1 + (window_bars - 1) % 25, 25
    if (p + n_columns >= n_panels) { set xlabel 'Bars from the decision' }
    call 'pattern_panel.gp' ARG1 p 0.5
}

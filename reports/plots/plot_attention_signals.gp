# Left, a row of the heat map for each signal; right, the price path of the same bars. The report has set where the map
# stands, because the names of the signals stand beside its rows.

width = (page_right - map_left - 0.03) * (has_paths ? 0.56 : 1.0)

# heat: lag, row, weight
call 'panel.gp' 0 0 1 1
set tmargin at screen map_top; set bmargin at screen map_bottom
set lmargin at screen map_left + 0.006; set rmargin at screen map_left + width
set xrange [n_lags - 0.5:-0.5]
set yrange [-n_signals + 0.5:0.5]
set cbrange [weight_lo:weight_hi]
unset ytics; unset grid; set border 1
set xlabel 'Lag (bars before the decision)'
set label 1 'Attention weight' at graph 0, 1 left offset 0, 0.7 font BOLD.',9.5'
set colorbox horizontal user origin screen map_left + 0.006, map_bottom - 0.085 size screen width - 0.006, 0.012 noborder
set cbtics font FONT.',8' scale 0.3 offset 0, 0.4
set format cb '%g %%'
uniform = map_left + 0.006 + (width - 0.006) * (100.0 / n_lags - weight_lo) / (weight_hi - weight_lo)
set arrow 1 from screen uniform, map_bottom - 0.0725 to screen uniform, map_bottom - 0.0665 nohead lw 1.4 lc rgb INK front
set label 2 '1/T' at screen uniform, map_bottom - 0.058 center font FONT.',8' tc rgb INK_SOFT
plot ARG1.'.heat' using 1:2:3 with image

# paths: lag, height in the signal's row; the dot is the bar at whose close the gate decides
if (has_paths) {
    call 'panel.gp' 0 0 1 1
    set tmargin at screen map_top; set bmargin at screen map_bottom
    set lmargin at screen map_left + width + 0.03; set rmargin at screen page_right
    set xrange [n_lags - 0.5:-0.5]
    set yrange [-n_signals + 0.5:0.5]
    unset ytics; unset grid; set border 1
    set xlabel 'Lag (bars before the decision)'
    set label 1 'Close, each row to its own scale' at graph 0, 1 left offset 0, 0.7 font BOLD.',9.5'
    plot ARG1.'.paths' using 1:2 with lines lw 1.1 lc rgb 0x1A1A1A, \
         ARG1.'.paths' using ($1 == 0 ? 0 : NaN):2 with points pt 7 ps 0.45 lc rgb 0xD55E00
}

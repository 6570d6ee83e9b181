# Left, a row of the map for each signal; right, its mean by lag, picked bars against all others. Lags count bars of the second
# sequence.

width = (page_right - map_left - 0.07) * 0.62

call 'panel.gp' 0 0 1 1
set tmargin at screen map_top; set bmargin at screen map_bottom
set lmargin at screen map_left + 0.006; set rmargin at screen map_left + width
set xrange [n_lags - 0.5:-0.5]
set yrange [-n_signals + 0.5:0.5]
set cbrange [weight_lo:weight_hi]
unset ytics; unset grid; set border 1
set xlabel "Lag (second sequence's bars)"
set label 1 'Attention weight' at graph 0, 1 left offset 0, 0.7 font BOLD.',9.5'
set colorbox horizontal user origin screen map_left + 0.006, map_bottom - 0.085 size screen width - 0.006, 0.012 noborder
set cbtics font FONT.',8' scale 0.3 offset 0, 0.4
set format cb '%g %%'
plot ARG1.'.heat' using 1:2:3 with image

# means: blocks "lag, percent", all others first
call 'panel.gp' 0 0 1 1
set tmargin at screen map_top; set bmargin at screen map_bottom
set lmargin at screen map_left + width + 0.07; set rmargin at screen page_right
set xrange [n_lags - 0.5:-0.5]
set yrange [mean_lo:mean_hi]
set xlabel "Lag (second sequence's bars)"
set ylabel 'Mean weight (%)'
uniform = 100.0 / n_lags
set arrow 1 from graph 0, first uniform to graph 1, first uniform nohead lt 11 back
plot ARG1.'.means' index 0 using 1:2 with lines lt 13, \
     ARG1.'.means' index 1 using 1:2 with lines lt 2 lw 2.2

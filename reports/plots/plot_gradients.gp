# A row for each gate: left the map of features by lag, right both shares by lag. n_lags 0: the gate has no signals.

map_right = map_left + 0.40
side_left = map_right + 0.12
set palette defined (0 '#0072B2', 0.5 '#FFFFFF', 1 '#D55E00')

do for [gate = 0:1] {
    if (n_lags[gate + 1] > 0) {
        # map: lag, row, value
        call 'panel.gp' gate 0 n_rows 1
        set lmargin at screen map_left; set rmargin at screen map_right
        set xrange [n_lags[gate + 1] - 0.5:-0.5]
        set yrange [-n_features[gate + 1] + 0.5:0.5]
        set cbrange [-most[gate + 1]:most[gate + 1]]
        unset ytics; unset grid; set border 1
        if (gate == 1) { set xlabel 'Lag (bars before the decision)' }
        set colorbox vertical user origin screen map_right + 0.01, panel_b(gate, n_rows) size screen 0.009, panel_height(n_rows) noborder
        set cbtics font FONT.',8' scale 0.3 offset -0.6, 0
        set format cb '%g'
        plot sprintf('%s.map%d', ARG1, gate) using 1:2:3 with image

        # lags: lag, share of the gradients' size, share of attention
        call 'panel.gp' gate 0 n_rows 1
        set lmargin at screen side_left; set rmargin at screen page_right
        set xrange [n_lags[gate + 1] - 0.5:-0.5]
        set yrange [share_lo[gate + 1]:share_hi[gate + 1]]
        set ytics nomirror
        set ylabel 'Share (%)'
        if (gate == 1) { set xlabel 'Lag (bars before the decision)' }
        plot sprintf('%s.lags%d', ARG1, gate) using 1:3 with lines lt 2, \
             sprintf('%s.lags%d', ARG1, gate) using 1:2 with lines lt 3
    }
}
set palette defined (0 '#00204D', 0.25 '#31446B', 0.5 '#7C7B78', 0.75 '#BBAF71', 1 '#FFEA46')

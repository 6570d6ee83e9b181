# The gates side by side. seeds0, seeds1: recall, precision, line type, curves parted by empty lines; means0, means1: a block
# of recall, precision for each model; nulls0, nulls1: recall, from, to.

do for [gate = 0:1] {
    call 'panel.gp' 0 gate 1 2
    set logscale x
    set xrange [recall_lo[gate + 1]:1]
    set xtics ('0.01' 1e-4, '0.1' 1e-3, '1' 0.01, '2' 0.02, '5' 0.05, '10' 0.1, '20' 0.2, '50' 0.5, '100' 1)
    set yrange [precision_lo[gate + 1]:precision_hi[gate + 1]]
    set xlabel 'Recall (%, logarithmic)'
    set ylabel 'Precision'
    set label 1 gate == 0 ? 'long gate' : 'short gate' at graph 0, 1 left offset 0, 0.9 font BOLD.',9.5'
    p = prevalence[gate + 1]
    if (p == p) {
        set arrow 1 from graph 0, first p to graph 1, first p nohead lt 11 front
        set label 2 sprintf('prevalence %.1f %%', 100 * p) at graph 1, 1 right offset 0, 0.9 font FONT.',8' tc rgb INK_SOFT
    }
    seeds = sprintf('%s.seeds%d', ARG1, gate)
    means = sprintf('%s.means%d', ARG1, gate)
    n = n_means[gate + 1]
    if (n > 0) {
        nulls = sprintf('%s.nulls%d', ARG1, gate)
        band = has_null[gate + 1] ? "nulls using 1:2:3 with filledcurves fs transparent solid 0.13 noborder lc rgb INK, " : ''
        eval "plot ".band."seeds using 1:2:(thin($3, 165)) with lines lw 0.5 lc rgb variable, \
             for [i = 1:n] means index i - 1 using 1:2 \
                 with linespoints lt (gate == 0 ? style_long[i] : style_short[i]) lw 1.6 ps 0.7 pn 9"
    } else {
        set label 3 'no curve' at graph 0.5, 0.5 center
        plot NaN
    }
}

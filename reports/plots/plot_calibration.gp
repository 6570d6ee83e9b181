# Above, hit rate over mean probability; below, where the probabilities lie. The gates side by side.

do for [gate = 0:1] {
    # a block for each model: mean probability, hit rate
    bins = sprintf('%s.bins%d', ARG1, gate)
    call 'panel.gp' 0 gate 2 2
    set label 1 gate == 0 ? 'long gate' : 'short gate' at graph 0, 1 left offset 0, 0.9 font BOLD.',9.5'
    set xrange [0:square_hi]
    set yrange [0:square_hi]
    set xlabel 'Mean probability'
    set ylabel 'Hit rate'
    set arrow 1 from 0, 0 to square_hi, square_hi nohead lt 11 back
    plot NaN, \
         for [i = 1:n_lines] bins index i - 1 using 1:2 with linespoints lt style_of[i] lw 1.4 ps 0.75

    # a block for each model: probability, density of all bars, density of bars with a positive label
    density = sprintf('%s.density%d', ARG1, gate)
    call 'panel.gp' 1 gate 2 2
    set xrange [0:probability_hi]
    set yrange [density_lo:density_hi]
    set logscale y
    set format y '%g'
    set xlabel 'Probability'
    set ylabel 'Density (log scale)'
    plot NaN, \
         for [i = 1:n_lines] density index i - 1 using 1:2 with lines lc rgb LINE_COLOR[style_of[i]] lw 1.2 dt solid, \
         for [i = 1:n_lines] density index i - 1 using 1:3 with lines lc rgb LINE_COLOR[style_of[i]] lw 1 dt (2,3)
}

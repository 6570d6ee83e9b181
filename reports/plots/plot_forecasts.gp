# Beside the table, by bars after the decision: skill above, the share inside the outer quantiles below.
gap_y = 0.1
array heading[2] = ['Skill: less loss than the naive forecast (%)', 'Inside the outer quantiles (%)']
array least[2] = [skill_lo, inside_lo]
array most[2] = [skill_hi, inside_hi]
array should[2] = [0, 90]
do for [k = 0:1] {
    call 'panel.gp' k 0 2 1
    set lmargin at screen side_left; set rmargin at screen page_right
    set xrange [0:last_bar * 1.03]
    set yrange [least[k + 1]:most[k + 1]]
    set label 1 heading[k + 1] at graph 0, 1 left offset 0, 0.7 font BOLD.',9.5'
    set arrow 1 from graph 0, first should[k + 1] to graph 1, first should[k + 1] nohead lt 11 back
    if (k == 1) { set xlabel 'Bars after the decision' }
    # bars, skill of best and worst, inside of best and worst
    plot ARG1.'.steps' using 1:(column(2 + 2 * k)) with linespoints lt 2 ps 0.6, \
         ARG1.'.steps' using 1:(column(3 + 2 * k)) with linespoints lt 3 ps 0.6
}

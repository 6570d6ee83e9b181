# One panel of windows: ARG1 prefix, ARG2 panel (from 0), ARG3 width of the member lines. members: blocks of step, close, one
# line a window, member 0 in colour; fan: blocks of step and five quantiles.

panel = ARG2 + 0
line_width = ARG3 + 0
set xrange [-window_bars + 1:horizon]
set yrange [y_lo[panel + 1]:y_hi[panel + 1]]
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lt 11 lw 0.8
set arrow 2 from graph 0, first 0 to graph 1, first 0 nohead lt 11 lw 0.6
plot NaN, \
     ARG1.'.fan' index panel using 1:2:6 with filledcurves lc rgb 0xD3E3F0, \
     ARG1.'.fan' index panel using 1:3:5 with filledcurves lc rgb 0x9CC3E2, \
     ARG1.'.members' index panel using 1:($1 <= 0 ? $2 : NaN) with lines lw line_width dt solid lc rgb thin(1, 150), \
     ARG1.'.members' index panel using 1:($1 <= 0 && $3 == 0 ? $2 : NaN) with lines lw 2.2 dt solid lc rgb LINE_COLOR[3], \
     ARG1.'.fan' index panel using 1:4 with lines lt 2 lw 1.6
unset arrow 1; unset arrow 2

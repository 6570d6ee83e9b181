axis_name = 'Precision (%)'
call 'bar_chart.gp' ARG1

axis_name = 'Mean return per trade (%)'
call 'bar_chart.gp' ARG1

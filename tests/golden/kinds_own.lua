-- Every kind of order now and then, on both symbols, with the scores of a model.
local length = parameter("length", 5, 2, 50, "bars of the channel")
local quick = parameter("quick", true, "leave at the mean")
local rsi = feature("rsi(5)")
use_scores()
local waiting = {}

function on_bar(bar, history, score, position, orders)
  local high, low, mean = history.highest(length), history.lowest(length), history.mean(length)
  if not high then return end
  local id = waiting[bar.symbol]
  if id and orders.get(id).state == "waiting" and random() < 0.3 then orders.cancel(id) end
  if position.pending then return end
  if position.quantity == 0 then
    local long = score.p_long >= score.tau_long or rsi() < 30
    if long and random() < 0.5 then
      id = orders.buy{kind = "limit", limit_price = bar.close * 0.999, size = 0.3, stop = 0.02, target = 0.01,
                      time_in_force = "bars", good_bars = 3, probability = score.p_long}
    elseif long then
      id = orders.buy{kind = "stop", stop_price = high * 1.0001, size = 0.3, trail_stop = 0.01, max_bars = 9, time_in_force = "day"}
    elseif score.p_short >= score.tau_short then
      id = orders.sell{stop = 0.02, max_bars = 5}
    end
    waiting[bar.symbol] = id
  elseif quick and (bar.close - mean) * position.quantity > 0 and position.bars_held > 3 then
    orders.close()
  end
end

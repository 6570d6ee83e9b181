/* The words of orders and exits, as tables and reports show them. */
#include "gatewalk/order.h"

const char *const gw_order_kind_name[6] = {"market", "limit", "stop", "stop_limit", "trailing", "close"};

const char *const gw_order_state_name[5] = {"waiting", "filled", "cancelled", "expired", "rejected"};

const char *const gw_exit_reason_name[GW_N_EXITS] = {"",       "stop", "target", "time",
                                                     "signal", "end",  "trail",  "liquidation"};

const char *const gw_order_reason_name[GW_N_REASONS] = {
    [GW_REASON_NONE] = "",
    [GW_REASON_ASKED] = "asked",
    [GW_REASON_CLOSE] = "close_order",
    [GW_REASON_REPLACED] = "replaced",
    [GW_REASON_OCO] = "other_filled",
    [GW_REASON_FLAT] = "position_gone",
    [GW_REASON_NOTHING_HELD] = "entries_withdrawn",
    [GW_REASON_LIQUIDATED] = "liquidated",
    [GW_REASON_TIME_IN_FORCE] = "time_in_force",
    [GW_REASON_HORIZON] = "horizon_passed",
    [GW_REASON_DATA_END] = "data_end",
    [GW_REASON_POSITION] = "position_or_entry",
    [GW_REASON_NOTHING_CLOSES] = "nothing_to_close",
    [GW_REASON_NO_EQUITY] = "no_equity",
    [GW_REASON_TOO_SMALL] = "too_small",
    [GW_REASON_CASH] = "cash",
    [GW_REASON_MARGIN] = "margin",
    [GW_REASON_LIMIT] = "limit",
    [GW_REASON_COOLDOWN] = "cooldown",
    [GW_REASON_HALTED] = "halted",
    [GW_REASON_NO_RATE] = "no_rate",
};

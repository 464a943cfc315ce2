#include "CStrategyABI.h"

/* The interface is a promise about layout: a change of these sizes is a new version or an appended field. */
_Static_assert(sizeof(tr_market_data) == 136, "tr_market_data");
_Static_assert(sizeof(tr_order_request) == 48, "tr_order_request");
_Static_assert(sizeof(tr_trade) == 120, "tr_trade");
_Static_assert(sizeof(tr_order_update) == 120, "tr_order_update");
_Static_assert(sizeof(tr_working_order) == 64, "tr_working_order");
_Static_assert(sizeof(void *) == 8, "64-bit platforms only");

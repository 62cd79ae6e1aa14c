#pragma once

// Lines for the log.

#include <statwire/windows.hpp>
#include <string>

#include "online_store/figures.hpp"
#include "online_store/metrics_page.hpp"

namespace online_store {

/// `14:00 users 120, orders 4, conversion 3.25 %, mean order 2450.5, total 1204000`, the time in UTC.
std::string figures_line(statwire::EventTime now, const Figures& figures);

/// `99900 events counted; bad: 25 not_avro, 25 missing_field; too late: 3 for 5 minutes; 2 visits found no
/// room for their session`, without the parts of which there is nothing.
std::string counts_line(const EventCounts& counts);

}  // namespace online_store

#pragma once

// What is said at the end, as lines of text. Nothing is measured, asked or written here.

#include <chrono>
#include <cstdint>
#include <statwire/client/delivery_stats.hpp>
#include <string>
#include <vector>

#include "web_app/figures.hpp"
#include "web_app/known_urls.hpp"

namespace web_app {

/// A row for each controller, the busiest first, under its URL where that is known, else under its hash. Then
/// all requests, over `time`.
std::vector<std::string> request_lines(const Figures& figures, const Urls& urls,
                                       std::chrono::duration<double> time);

/// What the gauges and counters of users say; none when there were none.
std::vector<std::string> user_lines(const Figures& figures);

/// What the client says that it sent, beside what arrived.
std::string delivery_line(const statwire::DeliveryStats& sent, std::uint64_t datagrams_received);

/// The same where nobody here knows what arrived.
std::string delivery_line(const statwire::DeliveryStats& sent);

}  // namespace web_app

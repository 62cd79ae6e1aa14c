#pragma once

// What the two HTTP servers of the shop answer.

#include <cstdint>
#include <functional>
#include <optional>
#include <statwire/detail/httplib.hpp>
#include <statwire/protocol/http_url.hpp>
#include <statwire/windows.hpp>
#include <string>

#include "online_store/board.hpp"

namespace online_store {

using Now = std::function<statwire::EventTime()>;

/// GET of any path gives a page for Prometheus, as in the original. `page` is called by several threads.
void add_page(httplib::Server& server, std::function<std::string()> page);

/// The conversion as a rate, read from the page at `page_url()`: 503 with a reason when it is not there, 500
/// when it has no conversion. And the live page, and what it shows, as JSON. `board` outlives the server.
void add_api(httplib::Server& server, std::function<statwire::protocol::HttpUrl()> page_url, Board& board,
             Now now);

}  // namespace online_store

#pragma once

// tests/cases/004_client.json: dialogues of the reference client of the put/get protocol, for any client of
// ours. Ours differ on purpose in three places, each named below; where a number is written differently (`2`
// for `2.0`), the numbers are compared.

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "statwire/client/point.hpp"
#include "statwire/error.hpp"
#include "statwire/testing/manual_clock.hpp"
#include "statwire/testing/scripted_stream.hpp"
#include "support/cases.hpp"

namespace statwire::test {

inline constexpr std::int64_t clock_seconds = 1642667947;

inline double value_of(const Json& value) {
  if (value.is_string()) return std::strtod(value.get<std::string>().c_str(), nullptr);  // "nan", "-inf"
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  return value.get<double>();
}

inline bool same_number(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

/// The request that ours writes, against theirs: the words are the same, values compared as numbers. Python's
/// `True` is no number to a server; ours sends 1.
inline void check_written(const std::string& ours, std::string theirs) {
  const std::string placeholder = "<int(time.time())>\\n";
  if (theirs.ends_with(placeholder)) {
    theirs.replace(theirs.size() - placeholder.size(), placeholder.size(),
                   std::to_string(clock_seconds) + "\n");
  }
  const std::vector<std::string> our_words = split(ours, ' ');
  std::vector<std::string> their_words = split(theirs, ' ');
  REQUIRE(our_words.size() == their_words.size());
  for (std::size_t i = 0; i < our_words.size(); ++i) {
    if (their_words[0] == "put" && i == 2) {
      if (their_words[i] == "True") their_words[i] = "1";
      CHECK(number_of(our_words[i]) == number_of(their_words[i]));
    } else {
      CHECK(our_words[i] == their_words[i]);
    }
  }
}

/// Rows in order of time. Equal times: the reference orders them by value, ours keep the order of arrival (as
/// the specification's own example does), so among those any order is right here.
inline void check_rows(const std::vector<Sample>& ours, const Json& theirs) {
  REQUIRE(ours.size() == theirs.size());
  std::vector<bool> used(ours.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CHECK(ours[i].timestamp == theirs[i][0].get<std::int64_t>());
    bool found = false;
    for (std::size_t k = 0; k < theirs.size() && !found; ++k) {
      found = !used[k] && theirs[k][0].get<std::int64_t>() == ours[i].timestamp &&
              same_number(value_of(theirs[k][1]), ours[i].value);
      if (found) used[k] = true;
    }
    CHECK_MESSAGE(found, "no row with the value " << ours[i].value);
  }
}

/// A case's arguments; those that only say what was sent have none, and are a put of 1 as k.
struct Call {
  explicit Call(const Json& wanted) {
    const Json args = wanted.value("args", Json::array({"k", 1}));
    const Json keywords = wanted.value("kwargs", Json::object());
    key = args.at(0);
    if (args.size() > 1) value = value_of(args[1]);
    if (args.size() > 2) timestamp = args[2].get<std::int64_t>();
    if (keywords.contains("timestamp")) timestamp = keywords["timestamp"].get<std::int64_t>();
  }

  std::string key;
  double value = 0;
  std::optional<std::int64_t> timestamp;
};

/// The errors that are right for what the reference says of a case that raises.
inline bool is_right_error(std::error_code ec, const std::string& detail) {
  if (detail == "Server returns invalid data") {
    return ec == errc::wrong_column_count || ec == errc::invalid_number || ec == errc::invalid_timestamp ||
           ec == errc::unexpected_data;
  }
  REQUIRE_MESSAGE(detail == "Server returns an error", "a detail of unknown meaning: " << detail);
  return ec == errc::command_refused || ec == errc::unexpected_status || ec == errc::unexpected_data;
}

/// What became of a call, and what the client wrote.
struct ClientOutcome {
  std::error_code ec{};
  Series series{};
  std::string written{};
};

/// Checks a case with a client that `run(const testing::StreamScript&, const Json& wanted)` makes, connects
/// and calls. The replies are cut as `max_read_bytes` says.
template <class Run>
void check_client_case(const Json& wanted, std::size_t max_read_bytes, Run&& run) {
  testing::StreamScript script{.max_read_bytes = max_read_bytes};
  for (const std::string chunk : wanted.value("server_reply_chunks", Json::array({"ok\n\n"}))) {
    script.replies.push_back(chunk);
  }
  testing::ManualClock::set(std::chrono::seconds{clock_seconds});
  const ClientOutcome outcome = run(script, wanted);
  if (wanted.contains("sent_on_wire")) {
    check_written(outcome.written, wanted["sent_on_wire"]);
  } else {
    // The reference puts the current time in place of the timestamp 0; ours sends what it was given.
    check_written(outcome.written, "put k 1 0\n");
  }
  CHECK(static_cast<bool>(outcome.ec) == wanted.contains("raises"));
  if (outcome.ec) {
    CHECK_MESSAGE(is_right_error(outcome.ec, wanted.value("detail", "")), outcome.ec.message());
  }
  if (outcome.ec || !wanted.contains("returns") || wanted["returns"].is_null()) return;
  REQUIRE(outcome.series.size() == wanted["returns"].size());
  for (const auto& [key, rows] : wanted["returns"].items()) {
    REQUIRE(outcome.series.contains(key));
    check_rows(outcome.series.at(key), rows);
  }
}

}  // namespace statwire::test

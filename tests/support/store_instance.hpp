#pragma once

// An instance of online_store that counts, without Kafka: tests say what it reads.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "online_store/event_encoder.hpp"
#include "online_store/store_counter.hpp"

namespace statwire::test {

struct StoreInstance {
  /// A clock stands there, and orders are of that time.
  static constexpr std::int64_t noon = 1'542'888'000'000;

  static EventTime at(std::int64_t milliseconds) {
    return EventTime{std::chrono::milliseconds{milliseconds}};
  }

  explicit StoreInstance(const std::filesystem::path& state_directory = {},
                         const online_store::StoreOptions& windows = {})
      : counter{schema,
                {.windows = windows,
                 .topic = "shop",
                 .state_directory = state_directory,
                 .allowed_ahead = std::chrono::minutes{1},
                 .now = [this] { return now; },
                 .on_error = [this](const std::string& error) { errors.push_back(error); }}} {}
  StoreInstance(const StoreInstance&) = delete;
  StoreInstance& operator=(const StoreInstance&) = delete;

  void visit(std::int32_t partition, std::int64_t offset, std::string_view session,
             std::int64_t time = noon) {
    counter.take(partition, offset,
                 encoder.encode(online_store::Event{
                     .timestamp = time, .event_type = "pageView", .session_id = session, .total_price = {}}));
  }

  void order(std::int32_t partition, std::int64_t offset, std::string_view session, std::string_view price) {
    counter.take(
        partition, offset,
        encoder.encode(online_store::Event{
            .timestamp = noon, .event_type = "checkout_click", .session_id = session, .total_price = price}));
  }

  online_store::Figures figures() { return counter.at(at(noon)); }

  const online_store::AvroSchema schema{online_store::lab3_event_schema};
  online_store::EventEncoder encoder{schema};
  EventTime now = at(noon);
  std::vector<std::string> errors{};
  online_store::StoreCounter counter;
};

}  // namespace statwire::test

#pragma once

// Why something did not work: a word to count by, and a sentence to read.

#include <string>

namespace mesos_collector {

struct Failure {
  /// One word of a fixed set. Of a server: `connect_failed`, `timeout`, `no_answer`, `too_long`,
  /// `bad_address`, `http_status`, `not_json`, `redis`, `rabbitmq`. Of what it said: `missing_field`,
  /// `wrong_field`, `zero_period`, `zero_limit`, `counter_reset`, `other_task`. Of us: `exception`.
  std::string type{};
  std::string message{};  ///< Names the value, and what is legal.

  bool operator==(const Failure&) const = default;
};

}  // namespace mesos_collector

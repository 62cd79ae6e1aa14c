#pragma once

// What the StatsD lines of a web service say about its requests and users: lines in, figures out. Knows no
// URL, only the hashes that the names hold, as any reader of the metrics does. No sockets.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <statwire/protocol/statsd_parse.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace web_app {

/// How often which duration came, in classes of 2 % from 1 us to 1000 s: 8 KiB however many come, and a
/// percentile that is within 1 %. What is shorter or longer counts in the class at that end.
class Distribution {
 public:
  Distribution();

  /// `weight` is how many timings this one stands for: 1 / rate.
  void add(double milliseconds, double weight);

  /// The number of timings, those left out by their rate included.
  double count() const { return count_; }

  /// The duration, in milliseconds, that `fraction` of all (0.5, 0.99) do not exceed; 0 when there are none.
  double percentile(double fraction) const;

 private:
  std::vector<double> weights_;
  double count_ = 0;
  double least_ = 0;
  double most_ = 0;
};

/// What is known of one controller.
struct ControllerFigures {
  double requests = 0;
  double errors = 0;
  Distribution timings;
};

/// One thread at a time.
class Figures {
 public:
  static constexpr std::size_t max_controllers = 1000;

  /// `prefix` is that of the client, with or without a dot at its end.
  explicit Figures(std::string prefix);

  /// Takes one datagram; any bytes. Names of others are passed over.
  void take(std::string_view datagram);

  using Controllers = std::map<std::string, ControllerFigures, std::less<>>;

  /// By the MD5 in the name, in hexadecimal digits.
  const Controllers& controllers() const { return controllers_; }

  double total_requests() const { return total_requests_; }             ///< `requests.total`
  std::optional<double> user_count() const { return user_count_; }      ///< The last gauge `users.count`.
  std::optional<double> active_users() const { return active_users_; }  ///< The last gauge `users.active`.
  double created_users() const { return created_users_; }               ///< Sum of the counter `users.count`.
  double logins() const { return logins_; }  ///< Sum of the counter `users.active`: logins less logouts.

  /// Values of controllers beyond max_controllers, which are in total_requests() only.
  std::uint64_t dropped_values() const { return dropped_values_; }
  std::uint64_t bad_values() const { return bad_values_; }

 private:
  void take(const statwire::protocol::StatsdSample& sample);
  void take_counter(std::string_view name, double value);
  ControllerFigures* controller(std::string_view name, std::string_view suffix);

  std::string prefix_;
  Controllers controllers_;
  double total_requests_ = 0;
  std::optional<double> user_count_;
  std::optional<double> active_users_;
  double created_users_ = 0;
  double logins_ = 0;
  std::uint64_t dropped_values_ = 0;
  std::uint64_t bad_values_ = 0;
};

}  // namespace web_app

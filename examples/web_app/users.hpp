#pragma once

// The accounts and sessions of the shop, in memory; who comes and goes is told to UserMetrics.

#include <cstddef>
#include <mutex>
#include <optional>
#include <statwire/users.hpp>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace web_app {

/// Threads: every member function may be called from any number of threads at once.
class Users {
 public:
  static constexpr std::size_t max_accounts = 100'000;
  static constexpr std::size_t max_sessions = 10'000;

  /// There are user_1 to user_100 to begin with.
  explicit Users(const statwire::UserMetrics& metrics);

  enum class Creation { done, exists_already, is_full };

  Creation create(const std::string& name);

  enum class Refusal { no_such_user, is_full };
  struct Login {
    std::string session{};  ///< Nobody guesses it; empty when refused.
    Refusal refusal{};
  };

  Login login(const std::string& name);

  /// Ends a session; returns whether there was one.
  bool logout(const std::string& session);

  /// Tells the metrics how many accounts and sessions there are.
  void capture() const;

 private:
  const statwire::UserMetrics metrics_;
  mutable std::mutex mutex_;
  std::unordered_set<std::string> accounts_;
  std::unordered_map<std::string, std::string> sessions_;  ///< The name of the user, by session.
};

}  // namespace web_app

#include "web_app/users.hpp"

#include <cstdint>
#include <random>

namespace web_app {
namespace {

/// 128 random bits as hexadecimal digits.
std::string new_session() {
  constexpr const char* digits = "0123456789abcdef";
  std::random_device random;  // the kernel's, where sessions cannot be guessed
  std::string session;
  for (int word = 0; word < 4; ++word) {
    std::uint32_t bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4) session += digits[bits & 0xf];
  }
  return session;
}

}  // namespace

Users::Users(const statwire::UserMetrics& metrics) : metrics_{metrics} {
  constexpr int first_accounts = 100;
  for (int i = 1; i <= first_accounts; ++i) accounts_.insert("user_" + std::to_string(i));
}

Users::Creation Users::create(const std::string& name) {
  const std::lock_guard lock{mutex_};
  if (accounts_.contains(name)) return Creation::exists_already;
  if (accounts_.size() == max_accounts) return Creation::is_full;
  accounts_.insert(name);
  metrics_.created();
  return Creation::done;
}

Users::Login Users::login(const std::string& name) {
  std::string session = new_session();
  const std::lock_guard lock{mutex_};
  if (!accounts_.contains(name)) return {.refusal = Refusal::no_such_user};
  if (sessions_.size() == max_sessions) return {.refusal = Refusal::is_full};
  sessions_.emplace(session, name);
  metrics_.logged_in();
  return {.session = std::move(session)};
}

bool Users::logout(const std::string& session) {
  const std::lock_guard lock{mutex_};
  if (sessions_.erase(session) == 0) return false;
  metrics_.logged_out();
  return true;
}

void Users::capture() const {
  const std::lock_guard lock{mutex_};
  metrics_.capture(accounts_.size(), sessions_.size());
}

}  // namespace web_app

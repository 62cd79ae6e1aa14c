#pragma once

// The registry as handles see it: what they are told is recorded in a cell, or written as a line and sent.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "statwire/aggregate/registry.hpp"

namespace statwire::aggregate {

/// Threads: any.
class Recorder final : public Registry {
 public:
  static SinkPointer<Recorder> make(const RegistryOptions& options);

  void count(std::uint32_t index, protocol::Number value) noexcept override;
  void set_gauge(std::uint32_t index, protocol::Number value) noexcept override;
  void change_gauge(std::uint32_t index, protocol::Number delta) noexcept override;
  void record(std::uint32_t index, std::chrono::nanoseconds duration) noexcept override;
  void insert(std::uint32_t index, std::string_view member) noexcept override;
  void insert(std::uint32_t index, protocol::Number member) noexcept override;
  bool is_sampled(std::uint32_t index) noexcept override;
  void drop_invalid() noexcept override;

 private:
  using Registry::Registry;
  ~Recorder() = default;
  void destroy() noexcept override;

  /// Its rate was applied already.
  template <class Sample>
  void use(std::uint32_t index, const Sample& sample) noexcept;
};

}  // namespace statwire::aggregate

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/aggregate/impl/recorder.ipp"
#endif

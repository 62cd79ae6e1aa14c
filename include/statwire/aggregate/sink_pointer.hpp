#pragma once

// Shared ownership of a SeriesSink. It is std::shared_ptr in little: <memory> alone would take as long to
// compile as everything else that handles include.

#include <utility>

namespace statwire::aggregate {

/// Keeps a SeriesSink, or what is derived from it, alive. The object counts its owners: add_owner(),
/// drop_owner(). Threads: as std::shared_ptr.
template <class Sink>
class SinkPointer {
 public:
  SinkPointer() = default;
  /// One more owner of what exists, or the first of what is new.
  explicit SinkPointer(Sink* sink) noexcept : sink_{sink} {
    if (sink_ != nullptr) sink_->add_owner();
  }
  SinkPointer(const SinkPointer& other) noexcept : SinkPointer{other.sink_} {}
  SinkPointer(SinkPointer&& other) noexcept : sink_{std::exchange(other.sink_, nullptr)} {}
  SinkPointer& operator=(SinkPointer other) noexcept {
    std::swap(sink_, other.sink_);
    return *this;
  }
  ~SinkPointer() {
    if (sink_ != nullptr) sink_->drop_owner();
  }

  template <class Base>
  operator SinkPointer<Base>() const noexcept {  // NOLINT(google-explicit-constructor): as raw pointers
    return SinkPointer<Base>{sink_};
  }

  Sink* get() const noexcept { return sink_; }
  Sink& operator*() const noexcept { return *sink_; }
  Sink* operator->() const noexcept { return sink_; }
  explicit operator bool() const noexcept { return sink_ != nullptr; }

 private:
  Sink* sink_ = nullptr;
};

}  // namespace statwire::aggregate

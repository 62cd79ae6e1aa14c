#pragma once

// What registry.hpp declares: that which happens once for a name, a thread or a flush. See detail/config.hpp.

#include "statwire/aggregate/registry.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/aggregate/context.hpp"
#include "statwire/aggregate/impl/series_table.ipp"
#include "statwire/detail/config.hpp"
#include "statwire/detail/memory.hpp"
#include "statwire/detail/relaxed.hpp"
#if defined(__MINGW32__) && !defined(__clang__)
#include <pthread.h>
#endif

namespace statwire::aggregate {

STATWIRE_DECL Registry::Registry(const RegistryOptions& options)
    : options_{options}, owner_{flusher_sleeps}, table_{options.max_series, options.max_idle} {}

STATWIRE_DECL Registry::~Registry() = default;

STATWIRE_DECL std::uint32_t Registry::find_or_add(const SeriesText& wanted, SeriesUse use) {
  // What changes of a gauge are added to is kept for ever where the server does not do it.
  const bool keeps_sum = wanted.type == SeriesType::gauge && !options_.profile.signed_gauges;
  if (keeps_sum && use == SeriesUse::name) use = SeriesUse::handle;
  const std::lock_guard lock{mutex_};
  return table_.find_or_add(wanted, use, [&](std::uint32_t index) {
    std::pair<std::uint64_t, std::uint64_t> seen;
    for (const auto& state : states_) {
      seen.first += detail::relaxed_load(state->cells()[index].total);
      seen.second += detail::relaxed_load(state->cells()[index].count);
    }
    return seen;
  });
}

STATWIRE_DECL std::uint32_t Registry::context_id(std::string_view text) {
  const std::lock_guard lock{mutex_};
  if (const auto found = contexts_.find(std::string{text}); found != contexts_.end()) return found->second;
  if (contexts_.size() >= options_.max_series) return 0;
  return contexts_.emplace(text, Context::next_id()).first->second;
}

STATWIRE_DECL void Registry::evict(SeriesTable::TimePoint now) {
  if (options_.delivery != Delivery::aggregated) return;
  const std::lock_guard lock{mutex_};
  table_.evict(now);
}

STATWIRE_DECL MemberSet& Registry::take_members(Series& series) {
  const std::lock_guard lock{mutex_};
  std::swap(series.members, series.taken_members);
  // The two take turns: what one has learnt to hold, no call has to allocate in the other. Without memory
  // now, it is tried again when a member comes.
  static_cast<void>(detail::with_memory([&] { series.members.reserve_as(series.taken_members); }));
  return series.taken_members;
}

STATWIRE_DECL std::uint64_t Registry::take_samples(SampleRing& ring, std::vector<std::uint64_t>& samples) {
  const std::lock_guard lock{mutex_};
  return ring.take(samples);
}

STATWIRE_DECL void Registry::copy_states(std::vector<ThreadState*>& states) {
  const std::lock_guard lock{mutex_};
  states.clear();
  for (const auto& state : states_) states.push_back(state.get());
}

STATWIRE_DECL void Registry::copy_rings(std::vector<client::DatagramRing*>& rings) {
  const std::lock_guard lock{mutex_};
  rings.clear();
  for (const auto& state : states_) {
    if (client::DatagramRing* const ring = state->ring()) rings.push_back(ring);
  }
}

STATWIRE_DECL Recorded Registry::recorded() {
  const std::lock_guard lock{mutex_};
  Recorded all;
  for (const auto& state : states_) {
    all.calls += state->lines() + state->sampled_out();
    all.sampled_out += state->sampled_out();
    for (std::uint32_t i = 0; i < size(); ++i) all.calls += detail::acquire_load(state->cells()[i].count);
  }
  return all;
}

STATWIRE_DECL void Registry::after_fork_in_child() noexcept {
  mutex_.unlock();
  owner_.after_fork_in_child();
  for (std::unique_ptr<ThreadState>& state : states_) {
    const bool is_of_another = state->user != std::thread::id{} && state->user != std::this_thread::get_id();
    if (is_of_another) static_cast<void>(state.release());
  }
  std::erase(states_, nullptr);
  forget_records();
  counters_.clear();
}

STATWIRE_DECL void Registry::forget_records() noexcept {
  for (std::uint32_t i = 0; i < size(); ++i) {
    Series& series = table_[i];
    series.seen_total = series.seen_count = 0;
    series.fraction = 0;
    if (options_.profile.signed_gauges) series.gauge.take();
    series.members.clear();
    series.is_summed = false;
  }
  for (const auto& state : states_) state->forget_records(size());
}

/// The registries that a thread has joined; leaves them when the thread ends.
class Registry::Membership {
 public:
  Membership() = default;
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  ~Membership() {
    local_state = {nullptr, nullptr, nullptr};
    is_gone_ = true;
    for (auto& [registry, state] : joined_) registry->leave(*state);
  }

  /// Null once the thread has destroyed it.
  static Membership* of_this_thread() {
    if (is_gone_) return nullptr;
#if defined(__MINGW32__) && !defined(__clang__)
    // GCC for Windows frees the memory of what is thread_local before it destroys it.
    static pthread_key_t key;
    static const bool has_key =
        pthread_key_create(&key, [](void* ended) { delete static_cast<Membership*>(ended); }) == 0;
    if (!has_key) return nullptr;
    auto* membership = static_cast<Membership*>(pthread_getspecific(key));
    if (membership == nullptr) {
      membership = new Membership;
      if (pthread_setspecific(key, membership) != 0) {
        delete membership;
        return nullptr;
      }
    }
    return membership;
#else
    thread_local Membership membership;
    return &membership;
#endif
  }

  ThreadState* find(const Registry& registry) const noexcept {
    for (const auto& [joined, state] : joined_) {
      if (joined.get() == &registry) return state;
    }
    return nullptr;
  }

  ThreadState& join(Registry& registry) {
    local_state = {nullptr, nullptr, nullptr};  // its registry may be among those that go
    std::erase_if(joined_, [](const auto& entry) {
      return entry.first->owner().is_closed() && entry.first->has_one_owner();
    });
    ThreadState* state = find(registry);
    if (state == nullptr) {
      joined_.reserve(joined_.size() + 1);
      state = &registry.enter();
      joined_.emplace_back(&registry, state);
    }
    local_state = {static_cast<const SeriesSink*>(&registry), state->cells(), state};
    return *state;
  }

 private:
  static inline constinit thread_local bool is_gone_ = false;

  std::vector<std::pair<SinkPointer<Registry>, ThreadState*>> joined_;
};

STATWIRE_DECL ThreadState* Registry::join() {
  Membership* const membership = Membership::of_this_thread();
  return membership == nullptr ? nullptr : &membership->join(*this);
}

STATWIRE_DECL ThreadState& Registry::enter() {
  const std::lock_guard lock{mutex_};
  for (const auto& state : states_) {
    if (state->user == std::thread::id{}) {
      state->user = std::this_thread::get_id();
      return *state;
    }
  }
  ThreadState& state =
      *states_.emplace_back(std::make_unique<ThreadState>(SeriesTable::capacity(options_.max_series)));
  state.user = std::this_thread::get_id();
  return state;
}

STATWIRE_DECL void Registry::leave(ThreadState& state) noexcept {
  const std::lock_guard lock{mutex_};
  state.user = {};
}

}  // namespace statwire::aggregate

#pragma once

// Time series in memory, for the metrics server: keys in the order of their first put, samples of a key in
// the order of their timestamps, the last value of a key and second. No I/O, no threads.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/server/series_index.hpp"
#include "statwire/server/store.hpp"

namespace statwire::server {

/// Options of a MemoryStore.
struct MemoryStoreOptions {
  /// Of all series together; a put of another fails with no_space_on_device. A sample takes 16 to 32 bytes,
  /// so these take up to 3.2 GB.
  std::size_t max_samples = 100'000'000;
};

/// Models MetricsStore. Moved, not copied. One thread at a time.
///
/// Memory: 16 bytes a sample (in vectors, so up to 32), some 160 bytes and the name a key. Cost of a put: a
/// lookup of the key by its hash, and an append when the sample is the newest of its series, as nearly every
/// one is; for one that comes late, amortized time that grows with the square root of the series.
class MemoryStore {
 public:
  MemoryStore() = default;
  explicit MemoryStore(const MemoryStoreOptions& options) : max_samples_{options.max_samples} {}

  /// Stores a value; replaces that of the same key and timestamp. Errors: no_space_on_device when there are
  /// max_samples and this is another; replacing goes on.
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    ec.clear();
    const std::optional<std::size_t> number = index_.number_of(key);
    Samples* const samples = number ? &samples_[*number] : nullptr;
    const bool is_newest =
        samples == nullptr || samples->main.empty() || samples->main.back().timestamp < timestamp;
    if (!is_newest && samples->replace(timestamp, value)) return;
    if (sample_count_ >= max_samples_) {
      ec = std::make_error_code(std::errc::no_space_on_device);
      return;
    }
    if (is_newest) {
      (samples != nullptr ? *samples : add_series(key)).main.push_back({timestamp, value});
    } else {
      samples->insert({timestamp, value});
    }
    ++sample_count_;
  }

  bool contains(std::string_view key) const { return index_.number_of(key).has_value(); }
  std::size_t series_count() const noexcept { return index_.size(); }
  std::size_t sample_count() const noexcept { return sample_count_; }

  /// A reading of one series, or of all for "*"; of nothing when the key is unknown.
  Cursor find(std::string_view key) const { return index_.cursor(key); }

  /// Calls `bool on_row(const protocol::Row&)` for each row from the cursor on, until it returns false.
  template <class OnRow>
  void read(Cursor& cursor, OnRow&& on_row, std::error_code& ec) const {
    ec.clear();
    for (; cursor.series != cursor.end; ++cursor.series, cursor.after.reset()) {
      const std::string_view key = index_.key(cursor.series);
      const bool goes_on = samples_[cursor.series].read(cursor.after, [&](const Entry& entry) {
        cursor.after = entry.timestamp;
        return on_row(protocol::Row{.key = key, .value = entry.value, .timestamp = entry.timestamp});
      });
      if (!goes_on) return;
    }
  }

 private:
  struct Entry {
    std::int64_t timestamp;
    double value;
  };
  using Entries = std::vector<Entry>;

  /// Those of one series. Inserting every late one among all others would take time that grows with the
  /// square of their number, when someone fills in the past; so those are gathered, and merged many at once.
  struct Samples {
    Entries main;                   ///< Ascending.
    std::unique_ptr<Entries> late;  ///< Ascending, all of them before the last of `main`, and not in it.

    bool replace(std::int64_t timestamp, double value) {
      if (replace_in(main, timestamp, value)) return true;
      return late && replace_in(*late, timestamp, value);
    }

    /// Takes an entry whose timestamp is not there, and is not the newest.
    void insert(const Entry& entry) {
      constexpr std::ptrdiff_t few = 64;  // as quickly moved as gathered
      const auto place = std::lower_bound(main.begin(), main.end(), entry.timestamp, is_before);
      if (main.end() - place <= few) {
        main.insert(place, entry);
        return;
      }
      if (!late) late = std::make_unique<Entries>();
      late->insert(std::lower_bound(late->begin(), late->end(), entry.timestamp, is_before), entry);
      // Where moving the late ones costs as much as merging them.
      if (late->size() * late->size() > 8 * main.size()) merge();
    }

    /// Calls `bool on_entry(const Entry&)` for those after a timestamp, until it returns false.
    template <class OnEntry>
    bool read(std::optional<std::int64_t> after, OnEntry&& on_entry) const {
      auto place = first_after(main, after);
      if (late) {
        for (auto other = first_after(*late, after); other != late->end(); ++other) {
          for (; place->timestamp < other->timestamp; ++place) {
            if (!on_entry(*place)) return false;
          }
          if (!on_entry(*other)) return false;
        }
      }
      for (; place != main.end(); ++place) {
        if (!on_entry(*place)) return false;
      }
      return true;
    }

   private:
    static bool is_before(const Entry& entry, std::int64_t time) { return entry.timestamp < time; }

    static bool replace_in(Entries& entries, std::int64_t timestamp, double value) {
      const auto place = std::lower_bound(entries.begin(), entries.end(), timestamp, is_before);
      if (place == entries.end() || place->timestamp != timestamp) return false;
      place->value = value;
      return true;
    }

    static Entries::const_iterator first_after(const Entries& entries,
                                               std::optional<std::int64_t> timestamp) {
      if (!timestamp) return entries.begin();
      return std::upper_bound(entries.begin(), entries.end(), *timestamp,
                              [](std::int64_t time, const Entry& entry) { return time < entry.timestamp; });
    }

    /// From the back, in place: nothing before the first late one moves.
    void merge() {
      std::size_t from = main.size();
      make_room(late->size());
      for (std::size_t to = main.size(); !late->empty();) {
        const bool is_main = from != 0 && main[from - 1].timestamp > late->back().timestamp;
        main[--to] = is_main ? main[--from] : late->back();
        if (!is_main) late->pop_back();
      }
    }

    /// As push_back() would, many times: resize() alone may take exactly what is asked for.
    void make_room(std::size_t entries) {
      const std::size_t size = main.size() + entries;
      if (size > main.capacity()) main.reserve(std::max(size, 2 * main.capacity()));
      main.resize(size);
    }
  };

  Samples& add_series(std::string_view key) {
    index_.add(key);
    return samples_.emplace_back();
  }

  SeriesIndex index_;
  std::deque<Samples> samples_;  // by the number of the series
  std::size_t max_samples_ = MemoryStoreOptions{}.max_samples;
  std::size_t sample_count_ = 0;
};

static_assert(MetricsStore<MemoryStore>);

}  // namespace statwire::server

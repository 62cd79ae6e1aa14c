#pragma once

// A day of a shop that is not there: visitors come by the hour as they do in a real one, look at pages, and
// a few of them order. The same options give the same events on every machine, so that the figures of the
// day are known before they are measured. Used by the demonstration, tests and benchmarks.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "online_store/event.hpp"
#include "online_store/event_encoder.hpp"

namespace online_store {

struct ShopDayOptions {
  std::uint64_t seed = 1;
  std::int64_t day_start = 1'542'844'800'000;  ///< Milliseconds since the epoch; a midnight of UTC.
  std::size_t events = 100'000;                ///< Good ones, exactly; at most 10^9.
  std::size_t bad_one_in = 0;                  ///< A bad event after as many good ones; 0: none.
  std::chrono::milliseconds late_by{0};        ///< One event in ten comes late, by up to this; 0: none.
};

struct ShopEvent {
  std::int64_t timestamp = 0;  ///< Milliseconds since the epoch.
  std::string event_type{};    ///< `pageView` or `checkout_click`.
  std::string session_id{};
  std::string location{};
  std::optional<std::string> total_price{};  ///< Of a checkout, in one of the spellings of shops.
  std::int64_t price = 0;                    ///< What the digits of total_price say.
  std::optional<BadEvent> bad{};             ///< How this event has to be counted, if it is a bad one.
};

/// The message of an event, location included. One that is not Avro is half of a datum; one without a session
/// has null, or "" where the schema has no null.
std::string datum_of(const ShopEvent& event, EventEncoder& encoder);

/// The events one by one. The good ones are the same with and without bad ones, and those that come late are
/// the same in another order. Those of a session come in the order of time; all lie within the day but the
/// bad ones that are ahead of the clock, by 365 days. The bad ones are not Avro, without session, an order
/// without digits, and ahead of the clock, in turn. Memory: as many visits as are open at one time (some 2000
/// of 1,000,000 events). One thread at a time.
class ShopDay {
 public:
  /// Throws std::invalid_argument for a day that does not start at midnight, too many events and negative
  /// lateness.
  explicit ShopDay(const ShopDayOptions& options);

  /// Nothing at the end of the day.
  std::optional<ShopEvent> next();

 private:
  /// Steele, Lea and Flood's SplitMix64: the distributions of the standard library differ from one to
  /// another.
  class Dice {
   public:
    explicit Dice(std::uint64_t seed) noexcept : state_{seed} {}
    std::uint64_t bits() noexcept;
    /// 0 to n - 1; n up to 2^32.
    std::uint64_t below(std::uint64_t n) noexcept;

   private:
    std::uint64_t state_;
  };

  struct Visit {
    Dice dice;
    std::uint64_t number = 0;
    std::int64_t timestamp = 0;  ///< Of the next event,
    std::int64_t comes_at = 0;   ///< and when it comes.
    std::size_t views = 0;       ///< Before the first order.
    std::size_t step = 0;
    std::size_t steps = 0;
    std::string session_id{};
  };

  static bool comes_later(const Visit& left, const Visit& right) noexcept;
  std::uint64_t place_in_day(std::size_t events_before) const noexcept;
  std::int64_t time_at(std::uint64_t place) const noexcept;
  Visit make_visit();
  void schedule(Visit& visit) const;
  void open_visits();
  ShopEvent take_event();
  ShopEvent spoil(ShopEvent event);

  ShopDayOptions options_;
  std::size_t planned_ = 0;  ///< Events of all visits so far.
  std::uint64_t visits_ = 0;
  std::optional<Visit> waiting_;  ///< The visit that begins next.
  std::vector<Visit> open_;       ///< A heap, the next to come in front.
  std::size_t good_ = 0;
  std::size_t bad_ = 0;
  std::optional<ShopEvent> bad_next_;
};

}  // namespace online_store

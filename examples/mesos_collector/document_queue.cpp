#include "mesos_collector/document_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mesos_collector {

DocumentQueue::DocumentQueue(std::size_t capacity) : capacity_{std::max<std::size_t>(capacity, 1)} {}

bool DocumentQueue::push(OutgoingDocument document) {
  const std::uint64_t number = next_number_++;
  waiting_.emplace_hint(waiting_.end(), number, Entry{.number = number, .document = std::move(document)});
  if (size() <= capacity_) return true;
  const auto oldest = waiting_.begin();
  if (oldest->second.is_retry) --returned_;
  waiting_.erase(oldest);
  return false;
}

std::optional<DocumentQueue::Outgoing> DocumentQueue::send_next() {
  if (waiting_.empty()) return std::nullopt;
  auto entry = waiting_.extract(waiting_.begin());
  entry.key() = ++last_tag_;
  const auto sent = in_flight_.insert(in_flight_.end(), std::move(entry));
  return Outgoing{.document = &sent->second.document, .is_retry = sent->second.is_retry};
}

std::size_t DocumentQueue::acknowledge(std::uint64_t tag, Scope scope) {
  return settle(tag, scope, [this](Entry& entry) {
    if (entry.is_retry) --returned_;
  });
}

std::size_t DocumentQueue::refuse(std::uint64_t tag, Scope scope) {
  return settle(tag, scope, [this](Entry& entry) { wait_again(entry); });
}

void DocumentQueue::take_back() {
  settle(0, Scope::up_to, [this](Entry& entry) { wait_again(entry); });
  last_tag_ = 0;
}

template <class Leave>
std::size_t DocumentQueue::settle(std::uint64_t tag, Scope scope, Leave leave) {
  InFlight::iterator begin = in_flight_.begin();
  InFlight::iterator end = in_flight_.end();
  if (scope == Scope::one) {
    begin = in_flight_.find(tag);
    end = begin == end ? end : std::next(begin);
  } else if (tag != 0) {
    end = in_flight_.upper_bound(tag);
  }
  const auto count = static_cast<std::size_t>(std::distance(begin, end));
  std::for_each(begin, end, [&](InFlight::value_type& sent) { leave(sent.second); });
  in_flight_.erase(begin, end);
  return count;
}

void DocumentQueue::wait_again(Entry& entry) {
  if (!std::exchange(entry.is_retry, true)) ++returned_;
  const std::uint64_t number = entry.number;
  waiting_.emplace(number, std::move(entry));
}

}  // namespace mesos_collector

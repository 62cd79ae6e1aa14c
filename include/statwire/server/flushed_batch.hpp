#pragma once

// The points of one flush, copied out of the aggregator so that it can go on: what every way out of a StatsD
// server gets.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/server/flushed_line.hpp"

namespace statwire::server {

/// A sequence of FlushedLine, in the order of the flush. Memory is kept from one flush to the next. Not for
/// several threads at once, but by reading.
class FlushedBatch {
 public:
  /// Goes through the lines; what it points to is valid until the batch changes.
  class Iterator {
   public:
    explicit Iterator(const FlushedBatch& batch, std::size_t index) : batch_{&batch}, index_{index} {}

    FlushedLine operator*() const { return (*batch_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const FlushedBatch* batch_;
    std::size_t index_;
  };

  void clear() noexcept {
    paths_.clear();
    points_.clear();
  }

  void add(const FlushedLine& line) {
    points_.push_back({paths_.size(), line.path.size(), line.value, line.timestamp, line.text});
    paths_.append(line.path);
  }

  std::size_t size() const noexcept { return points_.size(); }
  bool empty() const noexcept { return points_.empty(); }

  FlushedLine operator[](std::size_t index) const noexcept {
    const Point& point = points_[index];
    return {std::string_view{paths_}.substr(point.path_begin, point.path_size), point.value, point.timestamp,
            point.text};
  }

  Iterator begin() const noexcept { return Iterator{*this, 0}; }
  Iterator end() const noexcept { return Iterator{*this, size()}; }

 private:
  struct Point {
    std::size_t path_begin;
    std::size_t path_size;
    double value;
    std::int64_t timestamp;
    NumberText text;
  };

  std::string paths_;
  std::vector<Point> points_;
};

}  // namespace statwire::server

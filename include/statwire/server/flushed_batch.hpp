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

/// A sequence of FlushedLine, in the order of the flush. Several threads may read it at once. Memory: 32
/// bytes and the path for each.
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

  /// Makes room for so many, and paths of so many bytes together.
  void reserve(std::size_t points, std::size_t path_bytes) {
    points_.reserve(points);
    paths_.reserve(path_bytes);
  }

  void add(const FlushedLine& line) {
    points_.push_back(
        {line.value, line.timestamp, paths_.size(), static_cast<std::uint32_t>(line.path.size()), line.text});
    paths_.append(line.path);
  }

  std::size_t size() const noexcept { return points_.size(); }
  bool empty() const noexcept { return points_.empty(); }
  std::size_t path_bytes() const noexcept { return paths_.size(); }

  FlushedLine operator[](std::size_t index) const noexcept {
    const Point& point = points_[index];
    return {std::string_view{paths_}.substr(point.path_begin, point.path_size), point.value, point.timestamp,
            point.text};
  }

  Iterator begin() const noexcept { return Iterator{*this, 0}; }
  Iterator end() const noexcept { return Iterator{*this, size()}; }

 private:
  struct Point {
    double value;
    std::int64_t timestamp;
    std::size_t path_begin;
    std::uint32_t path_size;
    NumberText text;
  };

  std::string paths_;
  std::vector<Point> points_;
};

}  // namespace statwire::server

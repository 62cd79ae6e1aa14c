#pragma once

// The lines of a request while it is on its way to the connection. A put or a get of a usual key lies in the
// object itself: the many small requests of AsyncMetricsClient, each of which may be started long after it
// was made, take no memory of their own for it.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace statwire::client {

/// Text that is appended to. One thread at a time.
class RequestText {
 public:
  RequestText() noexcept {}  // NOLINT(modernize-use-equals-default): leaves the bytes uninitialised
  RequestText(const RequestText& other) : size_{other.size_}, long_{other.long_} {
    std::copy_n(other.short_, size_, short_);
  }
  RequestText(RequestText&& other) noexcept
      : size_{std::exchange(other.size_, 0)}, long_{std::move(other.long_)} {
    std::copy_n(other.short_, size_, short_);
    other.long_.clear();
  }
  RequestText& operator=(const RequestText&) = delete;

  RequestText& append(std::string_view text) {
    if (long_.empty() && text.size() <= sizeof(short_) - size_) {
      std::copy_n(text.data(), text.size(), short_ + size_);
      size_ += text.size();
    } else {
      if (long_.empty()) long_.assign(short_, std::exchange(size_, 0));
      long_.append(text);
    }
    return *this;
  }
  RequestText& append(const char* begin, const char* end) {
    return append(std::string_view{begin, static_cast<std::size_t>(end - begin)});
  }

  std::string_view view() const noexcept {
    return long_.empty() ? std::string_view{short_, size_} : std::string_view{long_};
  }

 private:
  std::size_t size_ = 0;  ///< Of the short text.
  char short_[104];       // NOLINT(modernize-avoid-c-arrays)
  std::string long_;      ///< All of it, when it does not fit.
};

}  // namespace statwire::client

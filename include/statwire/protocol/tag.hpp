#pragma once

// Tags of a metric: `{.tags = {{"route", "/a"}, {"code", "200"}}}`. A TagList holds views, not the texts, in
// room of its own, so that passing tags allocates nothing.

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

namespace statwire {

/// One tag. A tag without a value is a label (`|#canary`).
struct Tag {
  std::string_view key{};    ///< Not empty, else the tag is left out.
  std::string_view value{};  ///< Bytes that the server's grammar needs for itself are replaced by `_`.
};

/// The tags of one call, handle or scope: views of texts that must live as long as the list is used.
class TagList {
 public:
  static constexpr std::size_t max_tags = 16;

  constexpr TagList() noexcept {}  // NOLINT(modernize-use-equals-default): leaves the tags uninitialised
  constexpr TagList(std::initializer_list<Tag> tags) noexcept { assign({tags.begin(), tags.size()}); }
  // NOLINTNEXTLINE(google-explicit-constructor): a list of tags, wherever they are
  constexpr TagList(std::span<const Tag> tags) noexcept { assign(tags); }
  constexpr TagList(const TagList& other) noexcept { assign(other.view()); }
  constexpr TagList& operator=(const TagList& other) noexcept {
    if (this != &other) assign(other.view());
    return *this;
  }

  constexpr std::span<const Tag> view() const noexcept { return {storage_.tags, size_}; }
  constexpr bool empty() const noexcept { return size_ == 0; }

  /// Whether there were more than max_tags; a sample with such a list is dropped as invalid.
  constexpr bool is_too_long() const noexcept { return too_long_; }

  constexpr void add(const Tag& tag) noexcept {
    if (size_ == max_tags) {
      too_long_ = true;
    } else {
      storage_.tags[size_++] = tag;
    }
  }

 private:
  constexpr void assign(std::span<const Tag> tags) noexcept {
    size_ = 0;
    too_long_ = false;
    for (const Tag& tag : tags) add(tag);
  }

  /// Not initialised: 16 tags are 512 bytes, and most calls have none.
  union Storage {
    constexpr Storage() noexcept : none{} {}
    char none;
    Tag tags[max_tags];
  };

  Storage storage_;
  std::size_t size_ = 0;
  bool too_long_ = false;
};

}  // namespace statwire

#include "statsd_server/file_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>

namespace statsd_server {
namespace {

constexpr std::size_t most_bytes = 4 << 20;

std::string reason() {
  return "cannot be read: " + std::generic_category().message(errno);
}

std::variant<FileText, std::string> read_open(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return reason();
  if (S_ISDIR(status.st_mode)) return "is a directory; expected a file";
  if (!S_ISREG(status.st_mode))
    return "is a device or a pipe; expected a file, which a reload can read again";
  std::string bytes(most_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t more = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return reason();
    if (more == 0) break;
    size += static_cast<std::size_t>(more);
  }
  if (size > most_bytes) return "is longer than 4 MiB, which no configuration is";
  if (size == 0) return "is empty; where the defaults are to hold, let it have a comment, or leave it out";
  bytes.resize(size);
  return FileText{std::move(bytes)};
}

}  // namespace

std::variant<FileText, std::string> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return reason();
  auto text = read_open(fd);
  ::close(fd);
  return text;
}

}  // namespace statsd_server

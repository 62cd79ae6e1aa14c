#include "host_monitor/host_sampler.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "support/scratch_directory.hpp"

using namespace host_monitor;
using statwire::test::ScratchDirectory;

namespace {

/// A folder with what is read of /proc.
class FakeProc {
 public:
  FakeProc() {
    std::filesystem::create_directory(folder.path() / "net");
    folder.write("stat", "cpu 100 0 0 900 0 0 0 0 0 0\n");
    folder.write("meminfo", "MemTotal: 1000 kB\nMemAvailable: 600 kB\n");
    folder.write("net/dev", "eth0: 1000 0 0 0 0 0 0 0 2000 0 0 0 0 0 0 0\n");
  }

  HostSampler sampler() const { return HostSampler{folder.path(), folder.path()}; }

  ScratchDirectory folder;
};

std::string refusal(const auto& call) {
  try {
    call();
  } catch (const SamplerError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("host_sampler: what the kernel counts up is measured since the last call, the rest as it stands") {
  const FakeProc proc;
  HostSampler sampler = proc.sampler();
  proc.folder.write("stat", "cpu 175 0 0 925 0 0 0 0 0 0\n");
  proc.folder.write("net/dev", "eth0: 5000 0 0 0 0 0 0 0 2000 0 0 0 0 0 0 0\n");
  Readings readings = sampler.sample();
  CHECK(readings[0] == 75);
  CHECK(readings[1] == 400 * 1024);
  CHECK(readings[2] > 0);
  CHECK(readings[3] > 0);
  CHECK(readings[4] == 0);

  proc.folder.write("stat", "cpu 200 0 0 1000 0 0 0 0 0 0\n");
  proc.folder.write("net/dev", "eth0: 5000 0 0 0 0 0 0 0 2001 0 0 0 0 0 0 0\n");
  readings = sampler.sample();
  CHECK(readings[0] == 25);
  CHECK(readings[3] == 0);
  CHECK(readings[4] > 0);
}

TEST_CASE("host_sampler: it reads this machine") {
  HostSampler sampler;
  const Readings readings = sampler.sample();
  CHECK(readings[0] >= 0);
  CHECK(readings[0] <= 100);
  CHECK(readings[1] > 0);
  CHECK(readings[2] > 0);
}

TEST_CASE("host_sampler: a file that is missing or garbage is named, at the start and later") {
  for (const std::string file : {"stat", "net/dev"}) {
    CAPTURE(file);
    const FakeProc proc;
    const std::string path = proc.folder.write(file, "eth0: garbage\n");
    CHECK(refusal([&] { proc.sampler(); }) == "cannot read " + path + ": it is not in the format of proc(5)");
    std::filesystem::remove(path);
    CHECK(refusal([&] { proc.sampler(); }) == "cannot read " + path + ": No such file or directory");
  }
  const FakeProc proc;
  HostSampler sampler = proc.sampler();
  const std::string path = proc.folder.write("meminfo", "MemTotal: 1000 kB\n");
  CHECK(refusal([&] { sampler.sample(); }) == "cannot read " + path + ": it is not in the format of proc(5)");
}

TEST_CASE("host_sampler: a disk that is not there is named") {
  const FakeProc proc;
  HostSampler sampler{proc.folder.path(), "/no/such/disk"};
  CHECK(refusal([&] { sampler.sample(); }) ==
        "cannot read the size of /no/such/disk: No such file or directory");
}

TEST_CASE("clean_host_name: the name is one part of a metric name") {
  CHECK(clean_host_name("web-1") == "web-1");
  CHECK(clean_host_name("web.example.org") == "web_example_org");
  CHECK(clean_host_name("a b:c|d/e") == "a_b_c_d-e");
  CHECK(host_name() == clean_host_name(host_name()));
  CHECK_FALSE(host_name().empty());
}

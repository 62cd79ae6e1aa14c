#include "statsd_server/report.hpp"

#include <cstdint>
#include <utility>

namespace statsd_server {
namespace {

using example::ListenAddress;
using statwire::server::Flavour;

std::string of_time(std::chrono::milliseconds time) {
  constexpr int second = 1000;
  if (time.count() % second != 0) return std::to_string(time.count()) + " ms";
  return std::to_string(time.count() / second) + " s";
}

/// The addresses, but for UDP's, which stands at the beginning.
std::string other_ways_in(const Settings& settings) {
  const auto& server = settings.server;
  std::string words;
  if (server.tcp_port) words += ", tcp " + to_string(ListenAddress{server.address, *server.tcp_port});
  if (!server.unix_path.empty()) words += ", unix " + server.unix_path;
  if (server.admin_port)
    words += ", admin " + to_string(ListenAddress{server.admin_address, *server.admin_port});
  if (settings.prometheus) words += ", metrics at http://" + to_string(*settings.prometheus) + "/metrics";
  return words;
}

/// What others reach, and what they may do there.
std::string warning(const Settings& settings) {
  const auto& server = settings.server;
  const auto is_open = [](const std::string& host) { return !is_loopback(ListenAddress{host, 1}); };
  std::string what;
  if (is_open(server.address)) what = "write";
  if (server.admin_port && is_open(server.admin_address)) what += what.empty() ? "delete" : " and delete";
  if (what.empty()) return {};
  return "; WARNING: there is no password, whoever reaches it may " + what + " metrics";
}

void append_count(std::string& line, std::uint64_t count, const char* what) {
  if (count > 0) line += ", " + std::to_string(count) + " " + what;
}

}  // namespace

std::string flush_words(const Settings& settings) {
  const auto& server = settings.server;
  std::string words = "flushing every " + of_time(server.flush_interval);
  if (!server.graphite.empty()) words += " to " + server.graphite;
  if (settings.console) words += server.graphite.empty() ? " to the console" : " and to the console";
  if (server.graphite.empty() && !settings.console && !settings.prometheus) words += " to nowhere";
  if (server.aggregation.flavour == Flavour::pystatsd) words += ", as pystatsd";
  return words;
}

std::string start_line(const Settings& settings) {
  return "listening on " + to_string(ListenAddress{settings.server.address, settings.server.port}) +
         other_ways_in(settings) + "; " + flush_words(settings) + warning(settings);
}

std::string stop_line(const statwire::server::StatsdServerStats& stats) {
  std::string line = "stopped after " + std::to_string(stats.packets) + " packets, " +
                     std::to_string(stats.lines) + " lines, " + std::to_string(stats.flushes) + " flushes";
  append_count(line, stats.graphite.delivered, "points sent to Graphite");
  append_count(line, stats.graphite.pending, "points left that it did not take");
  append_count(line, stats.graphite.dropped, "points dropped for it");
  append_count(line, stats.graphite.refused, "points that it does not know");
  append_count(line, stats.bad_values, "bad values");
  append_count(line, stats.dropped_samples, "samples dropped for want of room");
  append_count(line, stats.dropped_packets, "packets dropped for want of room");
  append_count(line, stats.lost_datagrams, "datagrams lost by the system");
  append_count(line, stats.long_lines, "lines too long");
  append_count(line, stats.half_lines, "lines without their end");
  append_count(line, stats.refused_connections, "connections refused");
  append_count(line, stats.refused_commands, "admin commands refused");
  append_count(line, stats.unrepeated, "packets not repeated");
  append_count(line, stats.failed_prints, "flushes not printed");
  return line;
}

std::string GraphiteWatch::look_at(const statwire::GraphiteStats& stats) {
  const bool failed = static_cast<bool>(stats.last_error);
  if (std::exchange(fails_, failed) == failed) return {};
  if (!failed) return "Graphite takes flushes again";
  return "Graphite took no flush: " + stats.last_error.message() + "; " + std::to_string(stats.pending) +
         " points wait for it";
}

}  // namespace statsd_server

#include "core/registry/shared/rows.h"

#include <utility>

namespace convoke::shared_registry {
namespace {

constexpr std::size_t kHashes = 8;

}  // namespace

std::optional<std::uint64_t> version_in(const redis::Answer& answer) {
  if (!answer.ok()) return std::nullopt;
  if (answer.reply.is_nil()) return 0;
  const std::optional<std::int64_t> version = answer.reply.integer();
  if (!version || *version < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*version);
}

RowsReader::Hash RowsReader::hash() {
  switch (at_) {
    case 0:
      return {&keys_.services, &rows_.services};
    case 1:
      return {&keys_.functions, &rows_.functions};
    case 2:
      return {&keys_.limits, &rows_.limits};
    case 3:
      return {&keys_.async_configs, &rows_.async_configs};
    case 4:
      return {&keys_.triggers, &rows_.triggers};
    case 5:
      return {&keys_.switches, &rows_.switches};
    case 6:
      return {&keys_.stopped_trees, &rows_.stopped_trees};
    default:
      return {&keys_.domains, &rows_.domains};
  }
}

void RowsReader::read(Done done) {
  ENSURE(!done_);
  done_ = std::move(done);
  begin();
}

void RowsReader::begin() {
  rows_ = Rows{};
  at_ = 0;
  server_.ask(redis::Command("GET").arg(keys_.version), [this](const redis::Answer& answer) {
    const std::optional<std::uint64_t> version = version_in(answer);
    if (!version) return finish(std::nullopt);
    rows_.version = *version;
    read_piece("0");
  });
}

void RowsReader::read_piece(const std::string& cursor) {
  server_.ask(redis::Command("HSCAN").arg(*hash().key).arg(cursor).arg("COUNT").arg(kPiece),
              [this](const redis::Answer& answer) { on_piece(answer); });
}

// HSCAN shows what stood there all the time at least once.
void RowsReader::on_piece(const redis::Answer& answer) {
  if (!answer.ok()) return finish(std::nullopt);
  const redis::Reply found = answer.reply[1];
  for (std::size_t i = 0; i + 1 < found.size(); i += 2) {
    (*hash().rows)[std::string(found[i].text())] = found[i + 1].text();
  }
  const std::string cursor(answer.reply[0].text());
  if (cursor != "0") return read_piece(cursor);
  if (++at_ < kHashes) return read_piece("0");
  server_.ask(redis::Command("GET").arg(keys_.version),
              [this](const redis::Answer& last) { on_version(last); });
}

void RowsReader::on_version(const redis::Answer& answer) {
  const std::optional<std::uint64_t> version = version_in(answer);
  if (!version) return finish(std::nullopt);
  if (*version != rows_.version) return begin();
  finish(std::move(rows_));
}

void RowsReader::finish(std::optional<Rows> rows) {
  const Done done = std::exchange(done_, nullptr);
  done(std::move(rows));
}

}  // namespace convoke::shared_registry

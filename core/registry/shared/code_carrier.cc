#include "core/registry/shared/code_carrier.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/registry/code_store.h"
#include "core/registry/shared/row_json.h"
#include "core/registry/shared/scripts.h"
#include "core/registry/shown.h"

namespace convoke::shared_registry {

Error not_done(const redis::Answer& answer) {
  if (answer.fate != redis::Fate::kReplied) {
    return {ErrorCode::kServiceUnavailable,
            "the registry's server cannot be reached: nothing was changed"};
  }
  return {ErrorCode::kServiceUnavailable,
          fmt::format("the registry's server refused, and nothing was changed: {}",
                      shown(answer.reply.text()))};
}

struct CodeCarrier::Upload {
  std::string key;
  std::shared_ptr<const std::string> zip;
  std::function<void(Result<void>)> done;
  std::size_t sent = 0;
  std::size_t pieces = 0;
};

void CodeCarrier::upload(const std::string& name, std::shared_ptr<const std::string> zip,
                         std::function<void(Result<void>)> done) {
  upload_piece(std::make_shared<Upload>(Upload{keys_.code(name), std::move(zip), std::move(done)}));
}

void CodeCarrier::upload_piece(const std::shared_ptr<Upload>& upload) {
  const std::string_view piece = std::string_view(*upload->zip).substr(upload->sent, kPieceBytes);
  upload->sent += piece.size();
  ++upload->pieces;
  server_.call(code_piece_script(), code_piece_call(keys_, upload->key, piece, kUncommittedMax),
               [this, upload](const redis::Answer& answer) { on_answer(upload, answer); });
}

void CodeCarrier::on_answer(const std::shared_ptr<Upload>& upload, const redis::Answer& answer) {
  const auto pieces = static_cast<std::int64_t>(upload->pieces);
  if (!answer.ok() || answer.reply.integer() != pieces) return upload->done(not_done(answer));
  moved_();
  if (upload->sent < upload->zip->size()) return upload_piece(upload);
  upload->done({});
}

struct CodeCarrier::Download {
  std::string key;
  std::size_t size = 0;
  Fetched done;
  std::string zip;
  std::size_t piece = 0;
};

void CodeCarrier::fetch(const CodePackage& code, Fetched done) {
  const std::size_t size = std::min<std::size_t>(code.size, kZipBytesMax);
  const auto download = std::make_shared<Download>();
  download->key = keys_.code(code_name(code));
  download->size = size;
  download->done = std::move(done);
  download->zip.reserve(size);
  fetch_piece(download);
}

void CodeCarrier::fetch_piece(const std::shared_ptr<Download>& download) {
  server_.ask(redis::Command("LINDEX").arg(download->key).arg(download->piece++),
              [this, download](const redis::Answer& answer) {
                if (!answer.ok()) return download->done(Fetch::kNoAnswer, {});
                if (answer.reply.is_nil()) return download->done(Fetch::kGone, {});
                download->zip.append(answer.reply.text());
                moved_();
                if (download->zip.size() < download->size) return fetch_piece(download);
                download->done(Fetch::kWhole, std::move(download->zip));
              });
}

}  // namespace convoke::shared_registry

// Code as it lies unpacked on this engine's disk, worked on by the registry's thread.
//
// First shard's thread only; each `done` runs there in a later turn, or never if this has gone.
// The code store and the thread outlive it.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/edge/io_thread.h"
#include "core/registry/code_store.h"

namespace convoke::shared_registry {

class LocalCode {
 public:
  LocalCode(CodeStore& store, IoThread& thread) : store_(store), thread_(thread) {}

  [[nodiscard]] const std::string& directory() const { return store_.directory(); }
  // Not to be removed by collect(), though no committed function names it yet.
  void hold(const std::string& directory) { held_.insert(directory); }
  void let_go(const std::string& directory);  // once for each hold()

  // Which of these are not here.
  using Missing = std::function<void(std::vector<CodePackage>)>;
  void look_for(std::vector<CodePackage> codes, Missing done);
  struct Unpacked {
    CodePackage code;
    std::shared_ptr<const std::string> zip;
  };
  // As a client sent it. InvalidArgument, ServiceUnavailable: see CodeStore::put().
  void unpack(std::shared_ptr<const std::string> base64, const std::string& name,
              std::function<void(Result<Unpacked>)> done);
  // What must come out of it is known. InternalServerError: it is another zip.
  void unpack(std::string zip, const CodePackage& code, std::function<void(Result<void>)> done);
  void read(const CodePackage& code, std::function<void(Result<std::string>)> done);
  // Removes all but these, what these functions run, and what is held.
  void collect(std::vector<std::string> kept, std::vector<FunctionPtr> functions);

 private:
  template <class Value, class Job>
  void run(Job job, std::function<void(Value)> done);

  CodeStore& store_;
  IoThread& thread_;
  std::multiset<std::string> held_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
};

}  // namespace convoke::shared_registry

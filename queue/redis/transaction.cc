#include "queue/redis/transaction.h"

namespace convoke::redis {

void Transaction::append_to(std::string& out) const {
  Command("MULTI").append_to(out);
  out.append(encoded_);
  Command("EXEC").append_to(out);
}

}  // namespace convoke::redis

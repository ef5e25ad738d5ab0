#include "ingest/provider.h"

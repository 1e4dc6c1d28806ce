/** 128 + SIGKILL: what the kernel leaves of a process when memory has run out. */
const KILLED = /\bexit code 137\b/;
const WORDS =
  /out of memory|unable to allocate|failed to allocate|cannot allocate memory|allocation failed|insufficient memory|not enough memory|std::bad_alloc|ErrorOutOf(Device|Host)Memory/i;

/** Whether an engine ended because memory was short, told from its exit code and last lines. */
export function isLackOfMemory(reason: string): boolean {
  return KILLED.test(reason) || WORDS.test(reason);
}

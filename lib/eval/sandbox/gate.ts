/**
 * The interpreter's imports from JavaScript, and which of them a program reaches. WebAssembly has nothing else of the
 * world outside, so what is not let through here is not there.
 */

/** What a program may call outside the interpreter: clocks, memory, and reading the standard library. */
const ALLOWED = new Set([
  ...["emscripten_date_now", "emscripten_get_now", "clock_time_get", "clock_res_get", "random_get"],
  ...["_tzset_js", "_localtime_js", "_gmtime_js", "_mktime_js", "_timegm_js"],
  ...["emscripten_resize_heap", "emscripten_get_heap_max", "_mmap_js", "_munmap_js"],
  ...["__syscall_openat", "__syscall_fstat64", "__syscall_stat64", "__syscall_lstat64", "__syscall_newfstatat"],
  ...["__syscall_getdents64", "__syscall_getcwd", "__syscall_readlinkat", "__syscall_faccessat", "__syscall_ioctl"],
  ...["__syscall_getuid32_js"],
  ...["fd_read", "fd_write", "fd_seek", "fd_close", "fd_pread", "fd_fdstat_get"],
  ...["getaddrinfo", "_Py_CheckEmscriptenSignals_Helper", "_PyEM_TrampolineCall_JS"],
]);
const EAI_FAIL = -4;
const EBADF = 8, EPERM = 63, EROFS = 69; // as WASI numbers them
const O_WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000; // WRONLY, RDWR, CREAT, TRUNC, APPEND

export type Native = (...args: number[]) => number;

/** What the interpreter exports: CPython's C API, its memory and its stack. */
export type Exports = Record<string, Native> & { memory: WebAssembly.Memory; __stack_pointer: WebAssembly.Global };

/** Ends a program from outside the interpreter; Python code cannot catch it. */
export class Ended extends Error {}

export interface GateLimits {
  memoryMib: number;
  outputBytes: number;
}

/** Stands between the next interpreter that is loaded and JavaScript; open until `seal`. */
export class Gate {
  exports!: Exports;
  /** Why the program was ended from outside. Once set, the program has failed, whatever it does. */
  ended = "";
  #sealed = false;
  #printed = 0;
  readonly #files = new Set<number>();

  constructor(readonly limits: GateLimits) {
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = (async (source: BufferSource, imports?: WebAssembly.Imports) => {
      for (const module of ["env", "wasi_snapshot_preview1"]) {
        const functions = imports?.[module] ?? {};
        for (const [name, value] of Object.entries(functions)) {
          if (typeof value === "function") functions[name] = this.#guard(name, value as Native);
        }
      }
      const result = await instantiate(source, imports);
      if (imports?.env) this.exports = result.instance.exports as Exports;
      return result;
    }) as typeof instantiate;
  }

  /** From now on a program runs. */
  seal(): void {
    this.#sealed = true;
  }

  /** Forget what the last program did. */
  reset(): void {
    for (const file of this.#files) this.exports.close(file);
    this.#files.clear();
    this.#printed = 0;
    this.ended = "";
  }

  #end(reason: string): never {
    this.ended ||= reason;
    throw new Ended(reason);
  }

  #guard(name: string, native: Native): Native {
    const passes = ALLOWED.has(name);
    const checked = this.#checked(native)[name] ?? native;
    const guarded: Native = (...args) => {
      if (!this.#sealed) return native(...args);
      if (passes) return checked(...args);
      if (name.startsWith("__syscall_")) return -EPERM;
      return this.#end(`the program reached for ${name}, which the sandbox does not have`);
    };
    return Object.assign(guarded, native); // with its signature, from which function pointers are made
  }

  /** Allowed calls whose arguments matter. */
  #checked(native: Native): Record<string, Native> {
    return {
      __syscall_openat: (...args) => {
        if (args[2] & O_WRITING) return -EROFS;
        const file = native(...args);
        if (file > 2) this.#files.add(file);
        return file;
      },
      fd_close: (file) => {
        if (file <= 2) return EBADF;
        this.#files.delete(file);
        return native(file);
      },
      fd_read: (file, ...args) => file === 0 ? this.#wrote(args[2], 0) : native(file, ...args), // no input
      fd_write: (file, vectors, count, written) => {
        if (file !== 1 && file !== 2) return EBADF;
        const words = new Uint32Array(this.exports.memory.buffer, vectors, 2 * count);
        const bytes = words.reduce((sum, word, i) => i % 2 ? sum + word : sum, 0);
        this.#printed += bytes;
        const { outputBytes } = this.limits;
        if (this.#printed > outputBytes) this.#end(`the program printed more than ${outputBytes} bytes`);
        return this.#wrote(written, bytes); // and is dropped
      },
      getaddrinfo: () => EAI_FAIL, // no network; a program may ask for its own name and go on without
      emscripten_resize_heap: (bytes) => bytes >>> 0 > this.limits.memoryMib * 2 ** 20 ? 0 : native(bytes),
    };
  }

  #wrote(pointer: number, value: number): 0 {
    new DataView(this.exports.memory.buffer).setUint32(pointer, value, true);
    return 0;
  }
}

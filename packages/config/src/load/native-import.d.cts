export declare function nativeImport(url: string): Promise<Record<string, unknown>>;

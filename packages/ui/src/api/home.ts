import { api } from "@iroko/core/client";
import type { Answer } from "../http/answer.ts";
import type { Instance } from "../model/instance.ts";
import { readHome } from "../model/home-view.ts";

export function homeApi(answer: Answer, instance: Instance): void {
  answer(api.home.get, async () => readHome(instance));
}
